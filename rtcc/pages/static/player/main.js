// The player of recorded footage: one camera on screen, all cameras of the session on the timeline.

import { announce, Answered, post, timeOfDay, toast } from "../design/page.js";
import { SendSheet } from "../bulletins/send.js";
import { nearness, timeLeft } from "../wall/tile.js";
import { Recorded } from "./recorded.js";
import { Timeline } from "./timeline.js";

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const STATE_MS = 1000;
const TIMELINE_MS = 5000;
const EDGE_MS = 150;
const WRITING_MS = 10000; // what was recorded so lately may not be written yet
const SMALL_GAP_MS = 2000; // not worth a word
const session = JSON.parse(document.getElementById("session-data").textContent);
const from = Date.parse(session.from);
const to = Date.parse(session.to);
const video = document.getElementById("footage");
const note = document.getElementById("footage-note");
const clock = document.getElementById("footage-clock");
const speedLabel = document.getElementById("footage-speed");
const lanes = [...document.querySelectorAll("#lanes button")];
let at = session.at ? Date.parse(session.at) : from;
let lane = 0;
let isWanted = true; // the person wants it to play
let isOver = false;
let recorded = null;
let expiresAt = Date.parse(session.expires_at);

const timeline = new Timeline(document.getElementById("timeline"), { from, to, at, onSeek: (ms, row) => { if (row !== null && row !== lane) choose(row, ms); else seek(ms); } });

function say(sentence, more = "", link = null) {
  const strong = document.createElement("strong");
  strong.textContent = sentence;
  const rest = document.createElement("p");
  rest.textContent = more;
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.url;
    anchor.textContent = link.text;
    rest.append(" ", anchor);
  }
  if (note.dataset.said !== sentence) announce(sentence);
  note.dataset.said = sentence;
  note.replaceChildren(strong, rest);
  note.hidden = false;
}

function unsay() {
  note.hidden = true;
  note.dataset.said = "";
}

function end(sentence) {
  if (isOver) return;
  isOver = true;
  recorded?.destroy();
  recorded = null;
  say(sentence || "This playback has ended.", "The picture is cleared.");
  announce(sentence, { urgent: true });
  document.querySelectorAll("[data-do], #lanes button").forEach((button) => { button.disabled = true; });
}

function refused(fault) {
  if (!(fault instanceof Answered)) { say("The server cannot be reached.", "Playback goes on when it answers."); return; }
  const { answer } = fault;
  const link = answer.disposition_url ? { url: answer.disposition_url, text: "See the record of its destruction." } : null;
  say(answer.sentence || fault.message, answer.way_out || "", link);
}

function choose(index, ms) {
  lane = index;
  timeline.lane = index;
  lanes.forEach((button, number) => button.setAttribute("aria-pressed", String(number === index)));
  recorded?.destroy();
  unsay();
  recorded = new Recorded(video, session.cameras[index], { from, to, at: (ms - from) / 1000 }, {
    ended: end,
    refused,
    unplayable: (codec) => say(`This machine cannot play ${codec}`, "The footage is kept all the same. Use a machine or browser that plays its codec."),
  });
  video.playbackRate = Number(speedLabel.dataset.speed);
}

function seek(ms) {
  if (isOver) return;
  at = Math.min(to - 200, Math.max(from, ms));
  unsay();
  timeline.position = at;
  recorded?.seek((at - from) / 1000);
  recorded?.tick(lookAhead());
}

/** Where there is no footage, says why; while playing, goes on to the next there is. */
function lookAhead() {
  if (!timeline.hasFacts) return true;
  // While it plays, a little ahead: a picture stops just short of where its footage ends.
  const probe = isWanted ? at + EDGE_MS : at;
  const span = timeline.spanAt(probe);
  if (span && (span.kind === "recorded" || span.kind === "open")) {
    if (note.dataset.said?.startsWith("No")) unsay();
    return true;
  }
  const next = timeline.nextFootage(probe);
  if (!span && probe > Date.now() - WRITING_MS) { say("Nothing is recorded of this time yet"); return false; }
  const until = next === null ? Math.min(to, Date.now()) : next;
  const why = span?.kind === "destroyed" ? "it was destroyed on time" : span?.sentence || span?.reason || "nothing is known of this time";
  const link = span?.disposition_url ? { url: span.disposition_url, text: "See the record of its destruction." } : null;
  if (isWanted && next !== null && next - at < SMALL_GAP_MS) { seek(next); return true; }
  if (isWanted && next !== null && span?.kind !== "destroyed") {
    toast(`Skipped ${timeOfDay(at)} to ${timeOfDay(next)}: ${why}.`);
    seek(next);
    return true;
  }
  say(`No footage from ${timeOfDay(at)} to ${timeOfDay(until)}`, `Because ${why}.`, link);
  return false;
}

function tick() {
  if (isOver) return;
  if (recorded && !video.seeking && video.currentTime > 0) at = from + video.currentTime * 1000;
  timeline.position = at;
  const isFootage = lookAhead();
  recorded?.tick(isFootage);
  if (isWanted && isFootage && video.paused && video.readyState >= 2) video.play().catch(() => { isWanted = false; drawPlaying(); });
  if (!isWanted && !video.paused) video.pause();
  drawClock();
}

function drawClock() {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: document.body.dataset.zone, dateStyle: "short" }).format(at);
  clock.querySelector(".day").textContent = day;
  clock.querySelector(".time").textContent = timeOfDay(at);
  const left = (expiresAt - Date.now()) / 1000;
  const span = document.getElementById("footage-left");
  span.textContent = left > 0 ? `${timeLeft(left)} left` : "";
  span.className = `tile-left ${nearness(left)}`;
}

function drawPlaying() {
  const button = document.querySelector('[data-do="play"]');
  button.dataset.playing = String(isWanted);
  button.setAttribute("aria-label", isWanted ? "Pause" : "Play");
}

function speed(step) {
  const now = SPEEDS.indexOf(Number(speedLabel.dataset.speed));
  const next = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, now + step))];
  speedLabel.dataset.speed = next;
  speedLabel.textContent = `${next}×`;
  video.playbackRate = next;
}

async function bookmark() {
  try {
    const answer = await post(session.urls.bookmark, { camera: session.cameras[lane].id, at: new Date(at).toISOString() });
    toast(answer.sentence || "Marked.", answer.entry_url ? { link: { url: answer.entry_url, text: "Entry" } } : {});
    loadTimeline();
  } catch (fault) { refused(fault); }
}

const sheet = new SendSheet({ refused: (answer) => say(answer.sentence, answer.way_out || "") });

function send() {
  const button = document.querySelector('[data-do="send"]');
  if (!button) return;
  isWanted = false;
  drawPlaying();
  const camera = session.cameras[lane];
  sheet.open({ grant: button.dataset.grant, camera: camera.id, name: camera.name, place: document.querySelector(".stage"), at: at / 1000, shapes: ["still", "clip"] });
}

const DO = {
  play: () => { isWanted = !isWanted; drawPlaying(); },
  back: () => seek(at - 10000),
  forward: () => seek(at + 10000),
  stepBack: () => { isWanted = false; drawPlaying(); seek(at - 100); },
  step: () => { isWanted = false; drawPlaying(); seek(at + 100); },
  slower: () => speed(-1),
  faster: () => speed(1),
  nearer: () => timeline.zoom(-1),
  farther: () => timeline.zoom(1),
  bookmark,
  send,
};
const KEYS = { " ": "play", k: "play", j: "back", l: "forward", ",": "stepBack", ".": "step", "<": "slower", ">": "faster", "+": "nearer", "-": "farther", b: "bookmark", s: "send" };

document.querySelectorAll("[data-do]").forEach((button) => button.addEventListener("click", () => DO[button.dataset.do]()));
lanes.forEach((button, index) => button.addEventListener("click", () => choose(index, at)));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || isOver) return;
  if (event.target.closest("input,select,textarea,[data-own-keys]") || document.querySelector(".modal.show")) return;
  if (event.key === " " && event.target.closest("button,a")) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act || (act === "bookmark" && !session.urls.bookmark)) return;
  event.preventDefault();
  DO[act]();
});

async function loadTimeline() {
  const response = await fetch(session.urls.timeline, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!response.ok) return;
  timeline.put(await response.json());
  recorded?.refresh();
}

async function askState() {
  if (isOver) return;
  try {
    const response = await fetch(session.urls.state, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    const answer = response.headers.get("Content-Type")?.includes("json") ? await response.json() : {};
    if (answer.state === "ended" || response.status === 403 || response.status === 404) end(answer.sentence || answer.title);
    if (answer.expires_at) expiresAt = Date.parse(answer.expires_at);
  } catch { // no answer for once is a network's hiccup; the server ends the stream by itself
    return;
  } finally {
    if (!isOver) setTimeout(askState, STATE_MS);
  }
}

document.getElementById("timeline").dataset.ready = "true";
await loadTimeline();
choose(0, at);
drawPlaying();
setInterval(tick, 100);
setInterval(() => { if (!isOver && Date.now() < to + TIMELINE_MS) loadTimeline(); }, TIMELINE_MS);
askState();
addEventListener("pagehide", () => {
  if (!isOver) navigator.sendBeacon(session.urls.close, new URLSearchParams({ csrfmiddlewaretoken: document.body.dataset.csrf }));
});
