// The timeline under the player: a slider over lanes of footage, one lane per camera, with marks above.

import { timeOfDay } from "../design/page.js";

const SVG = "http://www.w3.org/2000/svg";
const LANE = 22;
const LANE_GAP = 4;
const RULER = 20;
const SHORTEST_MS = 60000;
const MARKS = 18;
const LETTER = 6.2; // about the width of a letter of a mark's label
const STEPS_S = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 86400];
const ZOOMS_S = [60, 300, 900, 3600, 14400, 86400];
const WORDS = { recorded: "recorded", open: "being recorded", gap: "gap", destroyed: "destroyed", keep: "kept", none: "nothing is known" };

function shape(name, attributes, content = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (content) element.textContent = content;
  return element;
}

export class Timeline {
  #holder;
  #svg;
  #data = { cameras: [], marks: [] };
  #from;
  #to;
  #window; // [from, to] ms on screen
  #at;
  #lane = 0;
  #onSeek;
  #dragging = false;

  /** `holder` is the slider; times in ms; `onSeek(ms, laneIndex | null)`. */
  constructor(holder, { from, to, at, onSeek }) {
    this.#holder = holder;
    this.#from = from;
    this.#to = to;
    this.#at = at;
    // A session may reach into what is still to come; that much line shows nothing yet.
    this.#window = [from, Math.min(to, Math.max(Date.now(), from + SHORTEST_MS))];
    this.#onSeek = onSeek;
    this.#svg = shape("svg", { "aria-hidden": "true" });
    holder.append(this.#svg);
    holder.setAttribute("aria-valuemin", "0");
    holder.setAttribute("aria-valuemax", String(Math.round((to - from) / 1000)));
    holder.addEventListener("keydown", (event) => this.#pressed(event));
    holder.addEventListener("pointerdown", (event) => this.#grab(event));
    holder.addEventListener("pointermove", (event) => { if (this.#dragging) this.#drag(event, false); });
    holder.addEventListener("pointerup", (event) => { if (this.#dragging) this.#drag(event, true); });
    new ResizeObserver(() => this.#draw()).observe(holder);
  }

  /** Spans and marks as the server gives them. */
  put(data) {
    const spans = (camera) => camera.spans.map((span) => ({ ...span, from: Date.parse(span.from), to: Date.parse(span.to) }));
    this.#data = {
      cameras: data.cameras.map((camera) => ({ ...camera, spans: spans(camera) })),
      marks: data.marks.map((mark) => ({ ...mark, at: Date.parse(mark.at), to: mark.to ? Date.parse(mark.to) : null })),
    };
    this.#draw();
  }

  set lane(index) {
    this.#lane = index;
    this.#draw();
  }

  /** Moves the playhead, unless somebody is dragging it. */
  set position(ms) {
    if (this.#dragging) return;
    this.#at = ms;
    const [from, to] = this.#window;
    if (ms < from || ms > to) this.#show(to - from);
    else this.#place();
  }

  /** What there is of a lane's camera at an instant: its span, a keep apart. */
  spanAt(ms, lane = this.#lane) {
    const covers = (this.#data.cameras[lane]?.spans || []).filter((span) => ms >= span.from && ms < span.to && span.kind !== "keep");
    return covers.find((span) => span.kind === "destroyed") || covers.find((span) => span.kind === "recorded" || span.kind === "open") || covers[0] || null;
  }

  /** When footage of the lane begins again after an instant; null if it does not. */
  nextFootage(ms) {
    const starts = (this.#data.cameras[this.#lane]?.spans || []).filter((span) => (span.kind === "recorded" || span.kind === "open") && span.to > ms).map((span) => Math.max(span.from, ms));
    return starts.length ? Math.min(...starts) : null;
  }

  get hasFacts() {
    return this.#data.cameras.length > 0;
  }

  /** Nearer (-1) or farther (+1), around the playhead. */
  zoom(step) {
    const now = (this.#window[1] - this.#window[0]) / 1000;
    const whole = (this.#to - this.#from) / 1000;
    const sizes = [...ZOOMS_S.filter((size) => size < whole), whole];
    const next = step < 0 ? [...sizes].reverse().find((size) => size < now - 0.5) : sizes.find((size) => size > now + 0.5);
    if (next) this.#show(next * 1000);
  }

  #show(size) {
    const from = Math.min(Math.max(this.#from, this.#at - size / 2), this.#to - size);
    this.#window = [from, from + size];
    this.#draw();
  }

  #x(ms) {
    const [from, to] = this.#window;
    return ((ms - from) / (to - from)) * this.#holder.clientWidth;
  }

  #draw() {
    const width = this.#holder.clientWidth;
    const height = MARKS + RULER + this.#data.cameras.length * (LANE + LANE_GAP);
    this.#svg.setAttribute("width", width);
    this.#svg.setAttribute("height", height);
    const parts = [...this.#ruler(width, height)];
    this.#data.cameras.forEach((camera, index) => parts.push(...this.#laneOf(camera, index, width)));
    parts.push(...this.#marks(height));
    parts.push(shape("line", { class: "playhead", y1: 0, y2: height }), shape("circle", { class: "playhead-grip", cy: MARKS, r: 5 }));
    this.#svg.replaceChildren(...parts);
    this.#place();
  }

  #ruler(width, height) {
    const [from, to] = this.#window;
    const step = (STEPS_S.find((size) => ((to - from) / 1000 / size) * 80 < width) || 86400) * 1000;
    const parts = [];
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      const x = this.#x(at);
      const label = step < 60000 ? timeOfDay(at) : timeOfDay(at).slice(0, 5);
      parts.push(shape("line", { class: "tick", x1: x, x2: x, y1: MARKS, y2: height }), shape("text", { class: "tick-label", x: x + 3, y: MARKS + 13 }, label));
    }
    return parts;
  }

  #laneOf(camera, index, width) {
    const y = MARKS + RULER + index * (LANE + LANE_GAP);
    const parts = [shape("rect", { class: `lane ${index === this.#lane ? "chosen" : ""}`, x: 0, y, width, height: LANE, rx: 2 })];
    for (const span of camera.spans) {
      const [left, right] = [Math.max(0, this.#x(span.from)), Math.min(width, this.#x(span.to))];
      if (right <= left && this.#x(span.to) < 0) continue;
      const isThin = span.kind === "keep";
      const box = shape("rect", { class: `span ${span.kind}`, x: left, y: isThin ? y + LANE - 5 : y, width: Math.max(1.5, right - left), height: isThin ? 5 : LANE });
      box.append(shape("title", {}, `${WORDS[span.kind] || span.kind} ${timeOfDay(span.from)} to ${timeOfDay(span.to)}${span.sentence ? `: ${span.sentence}` : ""}`));
      parts.push(box);
    }
    return parts;
  }

  /** Every mark has its line; a label that would run into the one before it is left to the tooltip. */
  #marks(height) {
    const width = this.#holder.clientWidth;
    const parts = [];
    let free = 0;
    for (const mark of [...this.#data.marks].sort((a, b) => a.at - b.at)) {
      const x = this.#x(mark.at);
      if (x < 0 || x > width) continue;
      const line = shape("line", { class: `mark ${mark.kind}`, x1: x, x2: x, y1: 2, y2: height });
      line.append(shape("title", {}, mark.label));
      parts.push(line);
      const length = mark.label.length * LETTER;
      const left = x + 4 + length > width ? x - 4 - length : x + 4;
      if (left < free) continue;
      free = left + length;
      parts.push(shape("text", { class: `mark-label ${mark.kind}`, x: left, y: 12 }, mark.label));
    }
    return parts;
  }

  #place() {
    const x = this.#x(this.#at);
    const line = this.#svg.querySelector(".playhead");
    if (line) { line.setAttribute("x1", x); line.setAttribute("x2", x); }
    this.#svg.querySelector(".playhead-grip")?.setAttribute("cx", x);
    const kind = this.spanAt(this.#at)?.kind || "none";
    this.#holder.setAttribute("aria-valuenow", String(Math.round((this.#at - this.#from) / 1000)));
    this.#holder.setAttribute("aria-valuetext", `${timeOfDay(this.#at)}, ${WORDS[kind] || kind}`);
  }

  #instant(event) {
    const box = this.#holder.getBoundingClientRect();
    const [from, to] = this.#window;
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return Math.min(this.#to - 1, Math.max(this.#from, from + share * (to - from)));
  }

  #grab(event) {
    if (event.button !== 0) return;
    this.#dragging = true;
    this.#holder.setPointerCapture(event.pointerId);
    this.#drag(event, false);
  }

  #drag(event, isDone) {
    this.#at = this.#instant(event);
    this.#place();
    if (!isDone) return;
    this.#dragging = false;
    const row = Math.floor((event.clientY - this.#holder.getBoundingClientRect().top - MARKS - RULER) / (LANE + LANE_GAP));
    this.#onSeek(this.#at, row >= 0 && row < this.#data.cameras.length ? row : null);
  }

  #pressed(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -60, PageUp: 60 };
    let at = null;
    if (event.key in steps) at = this.#at + steps[event.key] * (event.shiftKey ? 10 : 1) * 1000;
    if (event.key === "Home") at = this.#from;
    if (event.key === "End") at = this.#to - 1000;
    if (at === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.#at = Math.min(this.#to - 1, Math.max(this.#from, at));
    this.#place();
    this.#onSeek(this.#at, null);
  }
}
