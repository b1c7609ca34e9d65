// Times are typed in the room's zone and sent in UTC. In the hour that a clock change repeats, the page asks which.

const zone = document.body.dataset.zone;

/** Milliseconds by which the zone is ahead of UTC at an instant. */
function offsetAt(ms) {
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" }).formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) - Math.floor(ms / 1000) * 1000;
}

/** The instants that a local time can mean: one, none (skipped hour) or two (repeated hour). */
export function instantsOf(local) {
  const naive = Date.parse(`${local}Z`);
  const offsets = new Set([offsetAt(naive - 86400000), offsetAt(naive + 86400000)]);
  return [...offsets].map((offset) => naive - offset).filter((ms) => offsetAt(ms) === naive - ms).sort((a, b) => a - b);
}

function localOf(ms) {
  return new Date(ms + offsetAt(ms)).toISOString().slice(0, 19);
}

function bind(input) {
  const hidden = document.getElementById(input.dataset.sends);
  const which = document.getElementById(input.dataset.which);
  const send = () => {
    const instants = input.value ? instantsOf(input.value) : [];
    input.setCustomValidity(input.value && !instants.length ? "The clocks skip this time on this day." : "");
    which.hidden = instants.length < 2;
    const chosen = instants[instants.length > 1 ? Number(which.querySelector("select").value) : 0];
    hidden.value = chosen === undefined ? "" : new Date(chosen).toISOString();
  };
  if (input.dataset.instant) input.value = localOf(Math.ceil(Date.parse(input.dataset.instant) / 1000) * 1000);
  input.addEventListener("input", send);
  which.addEventListener("change", send);
  send();
}

document.querySelectorAll("input[data-sends]").forEach(bind);
