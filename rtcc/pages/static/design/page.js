// What every page does: announcements, toasts, posting, keyboard lists, rows that open.

const statusRegion = () => document.getElementById("status");
const alarmRegion = () => document.getElementById("alarm");

/** Says a sentence to screen readers; `urgent` interrupts. */
export function announce(sentence, { urgent = false } = {}) {
  const region = urgent ? alarmRegion() : statusRegion();
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = sentence; });
}

/** Shows a sentence in the corner. `level`: info, good, bad. A bad one stays until it is closed. */
export function toast(sentence, { level = "info", link = null } = {}) {
  const box = document.createElement("div");
  box.className = "toast align-items-center";
  box.setAttribute("role", level === "bad" ? "alert" : "status");
  const row = document.createElement("div");
  row.className = "d-flex";
  const body = document.createElement("div");
  body.className = `toast-body ${level === "bad" ? "text-danger-emphasis" : ""}`;
  body.textContent = sentence;
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.url;
    anchor.textContent = link.text;
    anchor.className = "ms-2";
    body.append(anchor);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-close me-2 m-auto";
  close.dataset.bsDismiss = "toast";
  close.setAttribute("aria-label", "Close this message");
  row.append(body, close);
  box.append(row);
  document.getElementById("toasts").append(box);
  box.addEventListener("hidden.bs.toast", () => box.remove());
  window.bootstrap.Toast.getOrCreateInstance(box, { autohide: level !== "bad", delay: 6000 }).show();
}

/** A refusal or fault that the server answered; `answer` is its JSON, `status` its HTTP status. */
export class Answered extends Error {
  constructor(status, answer) {
    super(answer.sentence || answer.title || `The server answered ${status}.`);
    this.status = status;
    this.answer = answer;
  }
}

/** Posts a form to our own server and gives its JSON. Throws `Answered`, or TypeError without a network. */
export async function post(url, fields) {
  const response = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { "X-CSRFToken": document.body.dataset.csrf, Accept: "application/json" },
    body: new URLSearchParams(fields),
  });
  const isJson = (response.headers.get("Content-Type") || "").includes("json");
  const answer = isJson ? await response.json() : {};
  if (!response.ok) throw new Answered(response.status, answer);
  return answer;
}

/** Time of day of an instant (ms since 1970) in the room's zone, 14:03:22. */
export function timeOfDay(ms) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: document.body.dataset.zone, timeStyle: "medium" }).format(ms);
}

function openRow(row) {
  const link = row.querySelector("a[data-open-link]");
  if (link) link.click();
}

/** Lists worked by keyboard: rows of `[data-keyboard-list]` are walked with arrows, Enter opens. */
function bindList(list) {
  const rows = () => [...list.querySelectorAll("tr[data-open]")];
  const walk = (from, step) => {
    const all = rows();
    const next = all[Math.min(all.length - 1, Math.max(0, all.indexOf(from) + step))];
    if (!next) return;
    all.forEach((row) => { row.tabIndex = row === next ? 0 : -1; });
    next.focus();
  };
  rows().forEach((row, index) => { row.tabIndex = index === 0 ? 0 : -1; });
  list.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr[data-open]");
    if (!row || event.target !== row) return;
    const steps = { ArrowDown: 1, ArrowUp: -1, Home: -1e6, End: 1e6 };
    if (event.key in steps) { event.preventDefault(); walk(row, steps[event.key]); }
    if (event.key === "Enter") { event.preventDefault(); openRow(row); }
  });
  list.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-open]");
    if (row && !event.target.closest("a,button,input,select,form")) openRow(row);
  });
  if (list.dataset.keyboardList === "focus" && rows()[0]) rows()[0].focus({ preventScroll: true });
}

/** What scrolls sideways can be scrolled by keyboard too. */
function letScroll(root) {
  root.querySelectorAll(".scroll").forEach((box) => { if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; });
}

document.querySelectorAll("[data-keyboard-list]").forEach(bindList);
letScroll(document);
addEventListener("resize", () => letScroll(document));
document.addEventListener("htmx:responseError", (event) => {
  let sentence = `The server answered ${event.detail.xhr.status}.`;
  try { sentence = JSON.parse(event.detail.xhr.responseText).sentence || sentence; } catch { /* a page, not JSON: the number says enough */ }
  toast(sentence, { level: "bad" });
});
document.addEventListener("htmx:sendError", () => toast("The server cannot be reached.", { level: "bad" }));
document.addEventListener("htmx:load", ({ detail }) => {
  detail.elt.querySelectorAll?.("[data-keyboard-list]").forEach(bindList);
  letScroll(document);
});
