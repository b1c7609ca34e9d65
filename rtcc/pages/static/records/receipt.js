// The code of a receipt stands after `#`, where no server sees it; it is sent in the body of one question. A page that
// came as the answer to a form takes its link as its address, so that it can be kept or loaded again.

const main = () => document.getElementById("main");
const says = (words) => { const place = document.getElementById("receipt-says"); if (place) place.textContent = words; };

async function open(form, code) {
  says("One moment…");
  const body = new URLSearchParams(new FormData(form));
  body.set("code", code);
  const answer = await fetch(form.action, { method: "POST", credentials: "same-origin", body });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.getElementById("main");
  if (!found) throw new Error("The answer cannot be read.");
  document.title = page.title;
  main().replaceWith(found);
  main().focus();
}

function start() {
  const form = document.getElementById("receipt-code");
  const code = decodeURIComponent(location.hash.slice(1));
  if (form && code) open(form, code).catch(() => says("The network does not answer. Load the page again, or type the code."));
  const link = document.querySelector("[data-receipt-link]");
  if (link && !form) {
    const there = new URL(link.href);
    history.replaceState(null, "", there.pathname + there.hash);
  }
}

addEventListener("hashchange", () => location.reload());
start();
