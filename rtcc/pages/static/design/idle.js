// Keeps the session of a person who sits here open, warns before it locks, and leaves the page when it has.
// The server decides; this only reports keys and pointer, at most once a minute, for all tabs together.

import { post, toast } from "./page.js";

const HAND = "watchlight-hand";
const REPORT_MS = 60_000;
const WARN_MS = 120_000;
const GRACE_MS = 20_000;

const idleMs = Number(document.body.dataset.idle || 0) * 1000;
let reported = Date.now();
let warning = null;

function remember(now) {
  try { localStorage.setItem(HAND, String(now)); } catch { /* private windows keep nothing; this tab still counts */ }
}

function lastHand() {
  try { return Math.max(reported, Number(localStorage.getItem(HAND)) || 0); } catch { return reported; }
}

function report() {
  const now = Date.now();
  if (now - reported < REPORT_MS && warning === null) return;
  reported = now;
  remember(now);
  if (warning) warning();
  warning = null;
  post("/session/seen/", {}).catch(() => { /* without a network the session runs on at the server */ });
}

function look() {
  const left = lastHand() + idleMs - Date.now();
  if (left < -GRACE_MS) location.reload();
  else if (left < WARN_MS && warning === null) warning = warn();
  else if (left >= WARN_MS && warning) { warning(); warning = null; }
}

function warn() {
  toast("Nobody has touched this page for a while. The session locks in two minutes, and what is watched ends. Press any key to stay.", { level: "bad" });
  const shown = document.getElementById("toasts").lastElementChild;
  return () => window.bootstrap.Toast.getOrCreateInstance(shown).hide();
}

if (idleMs > 0) {
  remember(reported);
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) document.addEventListener(kind, report, { passive: true, capture: true });
  setInterval(look, 5000);
}
