// Sending a picture: S opens the sheet, a digit or an arrow chooses, Enter sends. And the strip that tells
// the sender what became of it.

import { announce, Answered, post, toast } from "../design/page.js";

const KNOWN_MS = 20000;
const ASK_MS = 1500;
const SHAPES = ["still", "clip", "live"];
const CLIP_S = 20;

export class SendSheet {
  #sheet = document.getElementById("send-sheet");
  #list = document.getElementById("send-to");
  #note = document.getElementById("send-note");
  #title = document.getElementById("send-title");
  #known = new Map(); // grant -> {at, answer}
  #from = null;
  #back = null;
  #choices = [];
  #chosen = 0;
  #shape = "still";
  #isSending = false;
  #refused;
  #strip;

  /** `refused(answer)` shows a refusal with its rule; `openRow` of the strip is this module's own. */
  constructor({ refused }) {
    this.#refused = refused;
    this.#strip = new SentStrip(document.getElementById("sent-strip"), this.#sheet.dataset.state);
    this.#sheet.addEventListener("keydown", (event) => this.#key(event));
    document.getElementById("send-shapes").addEventListener("click", ({ target }) => { if (target.dataset.shape) this.#setShape(target.dataset.shape); });
    this.#list.addEventListener("click", ({ target }) => {
      const row = target.closest("li");
      if (!row) return;
      this.#choose(Number(row.dataset.index));
      this.#send();
    });
  }

  /** Learn beforehand who can be sent to under this grant, so that S opens at once. */
  async know(grant) {
    const known = this.#known.get(grant);
    if (known && Date.now() - known.at < KNOWN_MS) return known.answer;
    const response = await fetch(`${this.#sheet.dataset.toWhom}?grant=${encodeURIComponent(grant)}`, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error("Nobody can be chosen just now. Try again.");
    const answer = await response.json();
    this.#known.set(grant, { at: Date.now(), answer });
    return answer;
  }

  /** `from`: {grant, camera, name, place (element), at (Unix seconds, 0: now), shapes}. */
  async open(from) {
    this.#from = from;
    this.#back = document.activeElement;
    this.#isSending = false;
    from.place.append(this.#sheet);
    this.#title.textContent = `Send ${from.name}`;
    for (const button of this.#sheet.querySelectorAll("[data-shape]")) button.hidden = !from.shapes.includes(button.dataset.shape);
    this.#setShape("still");
    this.#list.replaceChildren();
    this.#say("");
    this.#sheet.hidden = false;
    this.#sheet.focus();
    try {
      this.#draw(await this.know(from.grant));
    } catch (fault) { this.#say(fault.message, true); }
  }

  close() {
    if (this.#sheet.hidden) return;
    this.#sheet.hidden = true;
    this.#back?.focus?.();
  }

  #say(sentence, isBad = false) {
    this.#note.textContent = sentence;
    this.#note.className = `send-note ${isBad ? "bad" : ""}`;
  }

  #draw({ basis, recipients }) {
    const units = recipients.filter((each) => each.unit);
    this.#choices = recipients.map((each) => ({ fields: [["to", each.id]], name: `${each.unit} ${each.name}`.trim(), where: each.unit ? "on this incident" : each.patrol }));
    if (units.length > 1) this.#choices.unshift({ fields: [["all", "yes"]], name: `All ${units.length} units`, where: basis });
    this.#choices = this.#choices.slice(0, 9);
    this.#list.replaceChildren(...this.#choices.map((choice, index) => {
      const row = document.createElement("li");
      row.setAttribute("role", "option");
      row.dataset.index = index;
      const key = document.createElement("kbd");
      key.textContent = index + 1;
      const name = document.createElement("span");
      name.textContent = choice.name;
      const where = document.createElement("span");
      where.className = "where";
      where.textContent = choice.where;
      row.append(key, name, where);
      return row;
    }));
    if (!this.#choices.length) this.#say("No officer of this agency can be sent to.", true);
    this.#choose(0);
  }

  #choose(index) {
    this.#chosen = Math.max(0, Math.min(this.#choices.length - 1, index));
    [...this.#list.children].forEach((row, number) => row.setAttribute("aria-selected", String(number === this.#chosen)));
    const choice = this.#choices[this.#chosen];
    this.#list.children[this.#chosen]?.scrollIntoView({ block: "nearest" });
    if (choice) announce(choice.name);
  }

  #setShape(shape) {
    this.#shape = shape;
    for (const button of this.#sheet.querySelectorAll("[data-shape]")) button.setAttribute("aria-pressed", String(button.dataset.shape === shape));
  }

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.key === "Tab") return;
    if (event.key === "Enter" && event.target.closest("button")) return;
    event.stopPropagation();
    const shapes = SHAPES.filter((each) => this.#from.shapes.includes(each));
    const turn = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (turn) this.#setShape(shapes[(shapes.indexOf(this.#shape) + turn + shapes.length) % shapes.length]);
    else if (event.key === "ArrowDown") this.#choose(this.#chosen + 1);
    else if (event.key === "ArrowUp") this.#choose(this.#chosen - 1);
    else if (/^[1-9]$/.test(event.key)) this.#choose(Number(event.key) - 1);
    else if (event.key === "Enter") this.#send();
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }

  async #send() {
    const choice = this.#choices[this.#chosen];
    if (!choice || this.#isSending) return;
    this.#isSending = true;
    const { grant, camera, at } = this.#from;
    this.#say(`Sending to ${choice.name}…`);
    try {
      const fields = new URLSearchParams([["grant", grant], ["camera", camera], ["shape", this.#shape], ["seconds", this.#shape === "clip" ? CLIP_S : 0], ["at", at], ...choice.fields]);
      const answer = await post(this.#sheet.dataset.send, fields);
      this.close();
      this.#strip.show(answer.sent);
      toast(answer.sentence, { level: answer.fault ? "bad" : "info", link: { url: answer.page_url, text: "Sent pictures" } });
    } catch (fault) {
      if (fault instanceof Answered && fault.answer.rule) { this.close(); this.#refused(fault.answer); } else this.#say(fault instanceof Answered ? fault.message : "The server cannot be reached.", true);
    } finally { this.#isSending = false; }
  }
}

/** What became of the pictures one sent: sent, opened, the answer; each can be taken back. */
class SentStrip {
  #element;
  #url;
  #links = new Map();
  #words = new Map();
  #timer = null;

  constructor(element, url) {
    this.#element = element;
    this.#url = url;
    this.#ask();
  }

  show(rows) {
    rows.forEach((row) => this.#links.set(row.id, row.link));
    this.#ask();
  }

  async #ask() {
    clearTimeout(this.#timer);
    let isWaiting = false;
    try {
      const response = await fetch(this.#url, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (response.ok && !response.redirected) isWaiting = this.#draw((await response.json()).sent);
    } catch { // the next round asks again
      isWaiting = true;
    }
    this.#timer = setTimeout(() => this.#ask(), isWaiting ? ASK_MS : 4 * ASK_MS);
  }

  #draw(rows) {
    this.#element.hidden = rows.length === 0;
    for (const row of rows) {
      const before = this.#words.get(row.id);
      if (before === row.word) continue;
      this.#words.set(row.id, row.word);
      this.#put(row);
      if (before !== undefined && row.answered_at) toast(`${row.unit} ${row.to}: ${row.word}.`.trim(), { level: "info" });
    }
    const shown = new Set(rows.map((row) => row.id));
    [...this.#element.children].forEach((item) => { if (!shown.has(item.dataset.id)) item.remove(); });
    return rows.some((row) => row.open);
  }

  #put(row) {
    const item = document.createElement("li");
    item.dataset.id = row.id;
    const who = document.createElement("span");
    who.textContent = `${row.what} to ${`${row.unit} ${row.to}`.trim()}`;
    const word = document.createElement("span");
    word.className = `state ${row.level}`;
    word.textContent = row.word;
    item.append(who, word);
    if (row.open) item.append(this.#button("Copy link", () => this.#copy(row.id), !this.#links.has(row.id)), this.#button("Take back", () => this.#revoke(row)));
    const before = [...this.#element.children].find((each) => each.dataset.id === row.id);
    if (before) before.replaceWith(item);
    else this.#element.prepend(item);
  }

  #button(text, act, isHidden = false) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm btn-outline-secondary";
    button.textContent = text;
    button.hidden = isHidden;
    button.addEventListener("click", act);
    return button;
  }

  async #copy(id) {
    try {
      await navigator.clipboard.writeText(this.#links.get(id));
      toast("The link is copied. It opens for that officer's account only.");
    } catch { // a browser that keeps its clipboard: the link is shown instead
      toast(this.#links.get(id), { level: "bad" });
    }
  }

  async #revoke(row) {
    try {
      toast((await post(row.revoke_url, {})).sentence);
    } catch (fault) {
      toast(fault instanceof Answered ? fault.message : "The server cannot be reached.", { level: "bad" });
    }
    this.#ask();
  }
}
