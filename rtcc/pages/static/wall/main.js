// The live wall: tiles, keys, grants and the one socket, put together.

import { announce, Answered, post, toast } from "../design/page.js";
import { Grants } from "./grants.js";
import { SendSheet } from "../bulletins/send.js";
import { ACTIONS, Keys } from "./keys.js";
import { Picker } from "./picker.js";
import { showRefusal } from "./refused.js";
import { WallSocket } from "./socket.js";
import { Tile } from "./tile.js";

const MOST_TILES = 9;
const data = JSON.parse(document.getElementById("wall-data").textContent);
const wall = document.getElementById("wall");
const template = document.getElementById("tile-template");
const tiles = Array.from({ length: MOST_TILES }, (_, number) => new Tile(number, template));
const cameras = new Map(data.cameras.map((camera) => [camera.id, camera]));
const grants = new Grants(document.getElementById("grants"), data.grants);
const picker = new Picker(document.getElementById("picker"), data.cameras, grants.byId);
let layout = data.layout || 4;
let current = 0;

const socket = new WallSocket(data.socket, {
  init: (tile, message) => tiles[tile].init(message),
  chunk: (tile, message) => tiles[tile].chunk(message),
  state: (tile, message) => {
    if (message.grant) grants.put(message.grant);
    if (tiles[tile]) tiles[tile].hear(message);
    else if (message.sentence) toast(message.sentence);
  },
  ended: (tile, message) => tiles[tile].end(message),
  link: showLink,
});

function showLink(word) {
  const words = { connected: ["Connected", "good"], silent: ["No answer", "bad"], lost: ["Connection lost", "bad"], refused: ["Signed out", "bad"] };
  const element = document.getElementById("link-state");
  [element.textContent, element.className] = [words[word][0], `state ${words[word][1]}`];
  tiles.forEach((tile) => tile.link(word === "connected"));
  if (word === "refused") tiles.forEach((tile) => tile.end({ sentence: "You are signed out. Sign in to watch again." }));
}

/** Numbers of the tiles on screen: the page of `layout` tiles that the current one is on. */
function visible() {
  const first = Math.floor(current / layout) * layout;
  return tiles.slice(first, first + layout).map((tile) => tile.number);
}

function drawWall() {
  const numbers = visible();
  wall.dataset.layout = layout;
  tiles.forEach((tile) => {
    const isVisible = numbers.includes(tile.number);
    const wasVisible = tile.element.parentNode === wall;
    if (isVisible && !wasVisible) {
      if (tile.isOpen) socket.open(tile.number, tile.view.viewing, tile.view.camera.id);
    } else if (!isVisible && wasVisible) {
      socket.close(tile.number);
      tile.rest();
    }
    tile.element.tabIndex = tile.number === current ? 0 : -1;
    tile.element.classList.toggle("current", tile.number === current);
  });
  const shown = numbers.map((number) => tiles[number].element);
  [...wall.children].filter((child) => !shown.includes(child)).forEach((child) => child.remove());
  shown.forEach((element, index) => { if (wall.children[index] !== element) wall.insertBefore(element, wall.children[index] || null); });
  document.querySelectorAll("[data-layout]").forEach((button) => {
    if (button !== wall) button.setAttribute("aria-pressed", String(Number(button.dataset.layout) === layout));
  });
}

function focusTile(number) {
  current = number;
  drawWall();
  tiles[number].element.focus();
}

function setLayout(size) {
  layout = size;
  wall.classList.remove("large");
  drawWall();
}

function walk(step) {
  const side = Math.sqrt(layout);
  const first = Math.floor(current / layout) * layout;
  const at = current - first;
  const [row, column] = [Math.floor(at / side), at % side];
  const target = { left: [row, column - 1], right: [row, column + 1], up: [row - 1, column], down: [row + 1, column] }[step];
  if (layout === 1) {
    const forward = step === "right" || step === "down";
    focusTile((current + (forward ? 1 : MOST_TILES - 1)) % MOST_TILES);
  } else if (target[0] >= 0 && target[0] < side && target[1] >= 0 && target[1] < side) {
    focusTile(first + target[0] * side + target[1]);
  }
}

function showView(number, view) {
  const tile = tiles[number];
  if (view.grant && typeof view.grant === "object") grants.put(view.grant);
  const grant = grants.byId.get(typeof view.grant === "object" ? view.grant?.id : view.grant) || null;
  tile.show({ ...view, camera: cameras.get(view.camera), grant });
  if (visible().includes(number)) socket.open(number, view.viewing, view.camera);
  if (grant) sheet.know(grant.id).catch(() => { /* S asks again, and says what is wrong */ });
}

/** Runs a request; a refusal opens the refusal, any other fault says its sentence. */
async function asking(request) {
  try {
    return await request();
  } catch (fault) {
    if (fault instanceof Answered && fault.answer.rule) showRefusal(fault.answer);
    else toast(fault instanceof Answered ? fault.message : "The server cannot be reached.", { level: "bad" });
    return null;
  }
}

async function closeTile(number) {
  const tile = tiles[number];
  const { view } = tile;
  if (!view) return;
  socket.close(number);
  tile.empty();
  const isShared = tiles.some((other) => other.view?.viewing === view.viewing);
  if (!isShared) await asking(() => post(data.urls.close, { viewing: view.viewing }));
}

function pickCamera() {
  const number = current;
  const grantId = tiles[number].view?.grant?.id || data.grant || [...grants.byId.keys()][0];
  picker.open(grantId, async (camera, grant) => {
    tiles[number].element.focus();
    const answer = await asking(() => post(data.urls.open, { grant, camera: camera.id, tile: number }));
    if (!answer) return;
    await closeTile(number);
    showView(number, { camera: camera.id, ...answer });
  });
}

async function renew() {
  const grant = tiles[current].view?.grant || grants.byId.get(data.grant);
  if (!grant) { announce("This tile belongs to no grant."); return; }
  const answer = await asking(() => post(data.urls.renew, { grant: grant.id }));
  if (!answer) return;
  grants.put(answer.grant);
  toast(answer.sentence || `${grant.basis} renewed.`);
}

async function bookmark() {
  const { view } = tiles[current];
  if (!view) { announce("This tile is empty."); return; }
  const answer = await asking(() => post(data.urls.bookmark, { viewing: view.viewing, camera: view.camera.id }));
  if (answer) toast(answer.sentence || "Marked.", answer.entry_url ? { link: { url: answer.entry_url, text: "Entry" } } : {});
}

const sheet = new SendSheet({ refused: showRefusal });

function send() {
  const { view, element } = tiles[current];
  if (!view?.grant) { announce("This tile is empty."); return; }
  sheet.open({ grant: view.grant.id, camera: view.camera.id, name: view.camera.name, place: element, at: 0, shapes: ["still", "clip", "live"] });
}

const exigentDialog = document.getElementById("exigent");

async function openExigent(form) {
  const number = current;
  const fields = new FormData(form);
  const answer = await asking(() => post(data.urls.exigent, { ...Object.fromEntries(fields), tile: number }));
  if (!answer) return;
  window.bootstrap.Modal.getInstance(exigentDialog).hide();
  form.reset();
  await closeTile(number);
  showView(number, { camera: fields.get("camera"), ...answer });
  if (answer.sentence) toast(answer.sentence, answer.due_url ? { link: { url: answer.due_url, text: "What you owe" } } : {});
}

const show = (id) => window.bootstrap.Modal.getOrCreateInstance(document.getElementById(id)).show();
const DO = {
  layout1: () => setLayout(1),
  layout4: () => setLayout(4),
  layout9: () => setLayout(9),
  pick: pickCamera,
  close: () => closeTile(current),
  large: () => wall.classList.toggle("large"),
  bookmark,
  send,
  renew,
  exigent: () => show("exigent"),
  help: () => show("keys"),
};
// What the server gives no address for cannot be done here: neither key nor button is shown.
const available = Object.keys(ACTIONS).filter((name) => !["exigent", "bookmark", "renew"].includes(name) || data.urls[name]);
const keys = new Keys(document.getElementById("keys"), available, (name) => (DO[name] ? DO[name]() : walk(name)));

document.querySelectorAll(".wall-tools [data-layout]").forEach((button) => button.addEventListener("click", () => setLayout(Number(button.dataset.layout))));
document.querySelectorAll("[data-do]").forEach((button) => {
  button.hidden = !available.includes(button.dataset.do);
  button.title = `${ACTIONS[button.dataset.do].label} (${keys.keyOf(button.dataset.do)})`;
  button.addEventListener("click", () => DO[button.dataset.do]());
});
wall.addEventListener("focusin", (event) => {
  const number = Number(event.target.closest(".tile")?.dataset.tile);
  if (Number.isInteger(number) && number !== current) { current = number; drawWall(); }
});
wall.addEventListener("dblclick", () => DO.large());
exigentDialog?.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); openExigent(event.target); });

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector(".modal.show")) wall.classList.remove("large");
});
document.addEventListener("hidden.bs.modal", () => tiles[current].element.focus());
setInterval(() => { const now = Date.now(); grants.tick(now); tiles.forEach((tile) => tile.tick(now)); }, 250);
drawWall();
data.tiles.forEach((view) => showView(view.tile, view));
tiles[current].element.focus();
