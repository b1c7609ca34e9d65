// The officer's side: a list that renews itself, one tap that opens, the picture, one tap that answers.
// The same for the page of a link, whose secret stands after `#` and leaves this telephone with the tap alone.

import { LivePicture } from "./live.js";

const LIST_MS = 1500;
const STATE_MS = 1000;
const TRIES = 4;
const TOKEN = "watchlight.picture";
const page = document.getElementById("inbox-page");
const settings = (page || document.body).dataset;
const get = (id) => document.getElementById(id);
const ask = get("ask");
const note = get("viewer-note");
let about = null;
let shownUrl = "";
let live = null;
let pending = false;

/** The secret: from the address, from where it was put before signing in, or none. */
function takeToken() {
  const inAddress = location.hash.slice(1);
  if (inAddress) {
    sessionStorage.setItem(TOKEN, inAddress);
    history.replaceState(null, "", location.pathname);
  }
  return inAddress || sessionStorage.getItem(TOKEN) || "";
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Posts a form; a network that fails is tried again. Answers that are refusals come as errors with a sentence. */
async function post(url, fields) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "X-CSRFToken": document.body.dataset.csrf, Accept: "application/json" },
        body: new URLSearchParams(fields),
      });
      if (response.redirected || response.status === 401) throw Object.assign(new Error("You are signed out. Sign in, then open it again."), { final: true, signIn: true });
      if (response.ok) return response;
      const body = await response.json().catch(() => ({}));
      const fault = new Error(body.sentence || body.title || `The server answered ${response.status}.`);
      throw Object.assign(fault, { final: response.status !== 503 || attempt >= TRIES, more: body.way_out });
    } catch (fault) {
      if (fault.final || attempt >= TRIES) throw fault instanceof TypeError ? new Error("The network does not answer. Tap again.") : fault;
      say(fault instanceof TypeError ? "The network is slow; trying again." : fault.message);
      await pause(700 * attempt);
    }
  }
}

function say(sentence) {
  const place = about ? note : get("ask-note");
  place.textContent = sentence || "";
}

function clear(sentence) {
  live?.stop();
  live = null;
  if (shownUrl) URL.revokeObjectURL(shownUrl);
  shownUrl = "";
  for (const element of [get("viewer-image"), get("viewer-video")]) { element.removeAttribute("src"); element.hidden = true; }
  get("viewer-video").load();
  note.className = "viewer-note";
  note.textContent = sentence || "";
}

async function open(fields) {
  if (pending) return;
  pending = true;
  clear("");
  about = null;
  say("Opening…");
  try {
    const response = await post(settings.tap, fields);
    if ((response.headers.get("Content-Type") || "").includes("json")) showLive(await response.json());
    else await showPicture(response);
    sessionStorage.removeItem(TOKEN);
  } catch (fault) {
    about = null;
    get("viewer").hidden = true;
    say([fault.message, fault.more].filter(Boolean).join(" "));
    if (fault.signIn && get("open")) location.reload();
  } finally {
    pending = false;
  }
}

async function showPicture(response) {
  const told = JSON.parse(response.headers.get("X-Picture"));
  const data = await response.blob();
  if (data.size < told.length) throw new Error("The picture did not arrive whole: it was taken back, or the network broke. Tap again.");
  begin(told);
  shownUrl = URL.createObjectURL(data);
  const element = get(told.shape === "clip" ? "viewer-video" : "viewer-image");
  element.src = shownUrl;
  element.hidden = false;
  if (told.shape === "clip") element.play().catch(() => { /* the telephone wants a tap first: the controls are there */ });
  get("viewer-when").textContent = clock(Date.parse(told.at));
  watch();
}

function showLive(told) {
  begin(told);
  note.textContent = "Connecting…";
  live = new LivePicture(told, {
    picture: (url, atMs) => {
      const image = get("viewer-image");
      image.src = url;
      image.hidden = false;
      note.textContent = "";
      get("viewer-when").textContent = `${clock(atMs)}, live`;
    },
    said: (sentence, isOver) => {
      if (isOver) { clear(sentence); return; }
      note.className = "viewer-note over-picture";
      note.textContent = sentence;
    },
  });
}

function begin(told) {
  about = told;
  say("");
  if (ask) ask.hidden = true;
  else get("ask-note").textContent = "";
  get("viewer").hidden = false;
  get("viewer-image").alt = `${told.camera}, ${told.basis}`;
  get("viewer-place").textContent = [told.place, told.camera].filter(Boolean).join(", ");
  get("viewer-basis").textContent = [told.basis, told.title, told.incident_place].filter(Boolean).join(" · ");
  get("viewer-by").textContent = told.by;
  const map = get("viewer-map");
  map.hidden = told.lat === null;
  map.href = `geo:${told.lat},${told.lon}`;
  press(told.answer);
  get("answer-said").textContent = "";
  scrollTo(0, 0);
}

function clock(ms) {
  // Year, month and day in the order of the mark in the picture and of every other page.
  return new Intl.DateTimeFormat("sv-SE", { timeZone: document.body.dataset.zone, dateStyle: "short", timeStyle: "medium" }).format(ms);
}

/** While a picture stands here it is asked whether it still may. */
async function watch() {
  const mine = about;
  while (about === mine && shownUrl) {
    await pause(STATE_MS);
    try {
      const response = await fetch(`${mine.state_url}?permit=${mine.permit}`, { credentials: "same-origin", headers: { Accept: "application/json" } });
      const state = response.redirected ? { open: false, sentence: "You are signed out." } : await response.json();
      if (about === mine && !state.open) clear(state.sentence || "This picture is over.");
    } catch { // no answer for once is a network's hiccup
      continue;
    }
  }
}

function press(answer) {
  for (const button of document.querySelectorAll("[data-answer]")) {
    button.setAttribute("aria-pressed", String(button.dataset.answer === answer));
    button.disabled = Boolean(answer) && answer !== "seen" || (answer === "seen" && button.dataset.answer === "seen");
  }
}

async function answer(value) {
  const told = about;
  if (!told) return;
  const said = get("answer-said");
  press(value);
  said.className = "answer-said";
  said.textContent = "Sending…";
  try {
    const body = await (await post(told.answer_url, { answer: value })).json();
    told.answer = body.answer;
    said.textContent = body.sentence;
  } catch (fault) {
    press(told.answer);
    said.className = "answer-said bad";
    said.textContent = fault.message;
  }
}

async function renew() {
  const list = get("inbox-list");
  try {
    const response = await fetch(settings.list, { credentials: "same-origin" });
    if (response.redirected) { location.reload(); return; }
    const text = response.ok ? await response.text() : "";
    if (text && text !== renew.last) {
      const focused = document.activeElement?.dataset?.bulletin;
      list.innerHTML = text;
      if (focused) list.querySelector(`[data-bulletin="${focused}"]`)?.focus();
      const count = list.querySelectorAll(".inbox-row.new").length;
      document.title = `${count ? `(${count}) ` : ""}Pictures · Watchlight`;
    }
    if (text) renew.last = text;
  } catch { // the next round asks again
    return;
  } finally {
    setTimeout(renew, LIST_MS);
  }
}

get("answers").addEventListener("click", (event) => { const { answer: value } = event.target.dataset; if (value) answer(value); });
if (page) {
  get("inbox-list").addEventListener("click", (event) => {
    const row = event.target.closest("[data-bulletin]");
    if (row) open({ bulletin: row.dataset.bulletin });
  });
  renew();
} else {
  const token = takeToken();
  if (!token) say("This link is not whole, or was opened already. What was sent to you stands in your list of pictures.");
  if (get("open")) get("open").disabled = !token;
  get("open")?.addEventListener("click", () => open({ token: takeToken() }));
}
addEventListener("pagehide", () => clear(""));
