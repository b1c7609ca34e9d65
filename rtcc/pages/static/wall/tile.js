// One tile: its picture and what is said about it. A picture that stands still says so.

import { announce, timeOfDay } from "../design/page.js";
import { canPlay, LiveStream } from "./stream.js";

const FROZEN_AFTER_MS = 2500;
const SOON_S = 300;
const LAST_S = 60;

/** 4:05 of 245 seconds; 1 h 04 min above an hour. */
export function timeLeft(seconds) {
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")} min`;
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** How near the end is: "" | "soon" (5 minutes) | "last" (1 minute). */
export function nearness(seconds) {
  if (seconds <= LAST_S) return "last";
  return seconds <= SOON_S ? "soon" : "";
}

export class Tile {
  number;
  view = null; // {viewing, camera (record), grant (record), entry_id, entry_url}
  element;
  #parts = {};
  #stream;
  #state = "empty"; // empty | opening | live | frozen | held | ended | unplayable
  #lastChunkMs = 0;
  #lastCameraTime = null;
  #lastPosition = 0;
  #lastMoveMs = 0;
  #openedMs = 0;
  #said = ""; // by the recorder, of the camera
  #isLinked = true; // the room's own server answers
  #isUnconfirmed = false; // nobody can say just now that the view is still allowed

  constructor(number, template) {
    this.number = number;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.element.dataset.tile = number;
    for (const name of ["number", "name", "live", "basis", "left", "entry", "note"]) this.#parts[name] = this.element.querySelector(`.tile-${name}`);
    this.#parts.owner = this.element.querySelector(".owner");
    this.#parts.number.textContent = number + 1;
    this.#stream = new LiveStream(this.element.querySelector("video"), { onFault: (sentence) => this.end({ sentence: `The picture cannot be shown: ${sentence}` }) });
    this.empty();
  }

  get state() {
    return this.#state;
  }

  get isOpen() {
    return this.view !== null && ["opening", "live", "frozen", "held", "unplayable"].includes(this.#state);
  }

  empty() {
    this.view = null;
    this.#stream.clear();
    this.#to("empty");
    this.#say("", "Empty tile", "Enter chooses a camera.");
    for (const name of ["name", "owner", "basis", "left", "entry"]) this.#parts[name].textContent = "";
    this.#parts.owner.className = "owner";
    this.#parts.owner.hidden = true;
    this.element.setAttribute("aria-label", `Tile ${this.number + 1}, empty`);
  }

  /** A permitted view: the picture follows over the socket. */
  show(view) {
    this.view = view;
    const { camera, grant } = view;
    this.#stream.clear();
    this.#lastCameraTime = null;
    this.#said = "";
    this.#isUnconfirmed = false;
    this.#lastChunkMs = this.#openedMs = performance.now();
    this.#parts.name.textContent = camera.name;
    this.#parts.owner.hidden = false;
    this.#parts.owner.className = `owner ${camera.owner_class}`;
    this.#parts.owner.textContent = camera.owner_class === "public" ? "City" : camera.owner;
    this.#parts.basis.textContent = grant ? `${grant.basis}${grant.state === "pending" && grant.basis !== "number follows" ? ", number follows" : ""}` : "";
    this.#parts.entry.textContent = view.entry_id ? `this view is entry ${String(view.entry_id).slice(-8)}` : "";
    if (view.entry_url) this.#parts.entry.href = view.entry_url;
    this.#parts.entry.title = view.entry_id || "";
    this.element.setAttribute("aria-label", `Tile ${this.number + 1}, ${camera.name}, ${this.#parts.owner.textContent}`);
    this.#to("opening");
    this.#say("", "Opening", camera.note || "");
  }

  init({ header, init }) {
    if (!this.view) return;
    if (!canPlay(header.codec)) {
      this.#stream.clear();
      this.#to("unplayable");
      this.#say("ended", `This machine cannot play ${header.codec}`, "The camera is recorded all the same. Use a machine or browser that plays its codec.");
      return;
    }
    this.#openedMs = performance.now();
    this.#stream.begin(header.codec, init);
  }

  chunk({ cameraTime, isKey, fragment }) {
    if (!this.view || this.#state === "ended" || this.#state === "unplayable") return;
    this.#lastChunkMs = performance.now();
    this.#lastCameraTime = cameraTime;
    this.#said = "";
    this.#stream.push(isKey, fragment);
  }

  /** What is said of the view while it is open: held | unconfirmed | confirmed, or why no picture comes. */
  hear({ event, sentence }) {
    if (!this.view || this.#state === "ended") return;
    if (event === "held") {
      this.#stream.clear();
      this.#to("held");
      this.#say("frozen", "Picture held", sentence);
      announce(`Tile ${this.number + 1}, ${this.view.camera.name}: ${sentence}`, { urgent: true });
    } else if (event === "unconfirmed" || event === "confirmed") {
      this.#isUnconfirmed = event === "unconfirmed";
      if (this.#state === "held") this.#reopen();
      else this.#to(this.#state);
      if (sentence) announce(`Tile ${this.number + 1}, ${this.view.camera.name}: ${sentence}`);
    } else {
      this.#said = sentence || "";
      if (this.#state === "frozen" || this.#state === "opening") this.#more();
    }
  }

  #reopen() {
    this.#lastChunkMs = this.#openedMs = performance.now();
    this.#to("opening");
    this.#say("", "Opening", "");
  }

  /** The view is over: the picture is cleared, the sentence stands in its place. */
  end({ sentence }) {
    if (!this.view) return;
    this.#stream.clear();
    this.#to("ended");
    this.#say("ended", sentence || "This view has ended.", "Enter chooses a camera again, x clears the tile.");
    announce(`Tile ${this.number + 1}, ${this.view.camera.name}: ${sentence || "this view has ended"}`, { urgent: true });
  }

  /** The picture rests while the tile is out of sight; the view itself goes on. */
  rest() {
    this.#stream.clear();
    this.#lastChunkMs = performance.now();
    if (this.isOpen) this.#to("opening");
  }

  /** Whether the server answers; if not, it is not the camera that is silent. */
  link(isLinked) {
    this.#isLinked = isLinked;
    if (this.#state === "frozen") this.#more();
  }

  /** Called four times a second: frozen or live, and the time left. */
  tick(nowMs) {
    if (!this.view) return;
    this.#watchPicture();
    const { grant } = this.view;
    if (!grant?.expires_at || this.#state === "ended") { this.#parts.left.textContent = ""; return; }
    const left = (Date.parse(grant.expires_at) - nowMs) / 1000;
    this.#parts.left.textContent = `${timeLeft(left)} left`;
    this.#parts.left.className = `tile-left ${nearness(left)}`;
  }

  #watchPicture() {
    if (["ended", "held", "unplayable"].includes(this.#state)) return;
    const now = performance.now();
    if (this.#stream.position !== this.#lastPosition || document.hidden) {
      this.#lastPosition = this.#stream.position;
      this.#lastMoveMs = now;
    }
    const isStill = now - this.#lastChunkMs > FROZEN_AFTER_MS || now - Math.max(this.#lastMoveMs, this.#openedMs) > FROZEN_AFTER_MS;
    if (isStill && this.#state !== "frozen") this.#freeze();
    if (!isStill && this.#lastCameraTime && this.#lastPosition > 0 && this.#state !== "live") {
      this.#to("live");
      this.#parts.note.hidden = true;
    }
  }

  #freeze() {
    this.#to("frozen");
    const sentence = this.#lastCameraTime ? `Picture frozen, last at ${timeOfDay(this.#lastCameraTime * 1000)}` : "No picture yet";
    this.#say("frozen", sentence, "");
    this.#more();
    announce(`Tile ${this.number + 1}, ${this.view.camera.name}: ${sentence}`);
  }

  #more() {
    const rest = this.#parts.note.querySelector("p");
    if (!rest) return;
    if (this.#isLinked) rest.textContent = this.#said || "The view is still open; it goes on when the camera does.";
    else rest.textContent = "The network to the server is away. It is tried again by itself.";
  }

  #to(state) {
    this.#state = state;
    const words = { empty: ["", ""], opening: ["Opening", "plain"], live: ["LIVE", "good"], frozen: ["FROZEN", "warn"], held: ["HELD", "warn"], ended: ["ENDED", "bad"], unplayable: ["CANNOT PLAY", "warn"] };
    let [word, level] = state === "frozen" && !this.#lastCameraTime ? ["NO PICTURE", "warn"] : words[state];
    if (state === "live" && this.#isUnconfirmed) [word, level] = ["UNCONFIRMED", "warn"];
    this.#parts.live.textContent = word;
    this.#parts.live.className = `tile-live state ${level}`;
    this.element.dataset.state = state;
    this.element.classList.toggle("empty-tile", state === "empty" || state === "ended");
  }

  #say(kind, sentence, more) {
    const strong = document.createElement("strong");
    strong.textContent = sentence;
    const rest = document.createElement("p");
    rest.textContent = more;
    this.#parts.note.replaceChildren(strong, rest);
    this.#parts.note.className = `tile-note ${kind}`;
    this.#parts.note.hidden = false;
  }
}
