// A live picture: single pictures over one socket; the next is asked for when this one is here.

import { Pulse } from "../design/pulse.js";

const AGAIN_MS = [500, 1000, 2000, 4000];
const REFUSED = [4401, 4403];

export class LivePicture {
  #told;
  #hear;
  #socket = null;
  #tries = 0;
  #isOver = false;
  #url = "";

  /** `told` names viewing and socket; `hear.picture(url, atMs)`, `hear.said(sentence, isOver)`. */
  constructor(told, hear) {
    this.#told = told;
    this.#hear = hear;
    this.#connect();
  }

  #connect() {
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}${this.#told.socket}`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    const pulse = new Pulse({
      ask: () => { if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ op: "here" })); },
      silent: () => { if (!this.#isOver) this.#hear.said("The network does not answer just now.", false); },
      lost: () => socket.dispatchEvent(new CloseEvent("close")),
    });
    socket.addEventListener("open", () => {
      pulse.heard();
      socket.send(JSON.stringify({ op: "open", viewing: this.#told.viewing }));
    });
    socket.addEventListener("message", ({ data }) => {
      if (socket !== this.#socket) return;
      pulse.heard();
      if (typeof data === "string") this.#word(JSON.parse(data));
      else this.#picture(socket, data);
    });
    socket.addEventListener("close", (event) => {
      pulse.stop();
      if (socket !== this.#socket) return;
      this.#socket = null;
      socket.close(); // One that is lost closes when its network lets it; nothing of it is heard any more.
      this.#closed(event);
    });
  }

  #picture(socket, data) {
    if (this.#isOver) return;
    this.#tries = 0;
    const atMs = new DataView(data).getFloat64(0) * 1000;
    const before = this.#url;
    this.#url = URL.createObjectURL(new Blob([new Uint8Array(data, 8)], { type: "image/jpeg" }));
    this.#hear.picture(this.#url, atMs);
    if (before) setTimeout(() => URL.revokeObjectURL(before), 1000);
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ op: "ready" }));
  }

  #word({ event, sentence }) {
    if (this.#isOver) return;
    if (event === "ended") this.#end(sentence);
    else if (sentence) this.#hear.said(sentence, false);
  }

  #closed({ code }) {
    if (this.#isOver) return;
    if (REFUSED.includes(code)) { this.#end("You are signed out. Sign in, then open it again."); return; }
    const wait = AGAIN_MS[this.#tries];
    if (wait === undefined) { this.#end("The network does not answer. Open the picture again."); return; }
    this.#tries += 1;
    this.#hear.said("The network is away; trying again.", false);
    setTimeout(() => { if (!this.#isOver) this.#connect(); }, wait);
  }

  #end(sentence) {
    this.stop();
    this.#hear.said(sentence, true);
  }

  stop() {
    this.#isOver = true;
    // The server, which knows why it ended, counts what it sent before the socket goes.
    setTimeout(() => this.#socket?.close(), 2000);
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = "";
  }
}
