// One WebSocket for all tiles. Binary: u8 tile | u8 type | payload. Text: {"tile", "event", ...}.

import { Pulse } from "../design/pulse.js";

const INIT = 1;
const CHUNK = 2;
const STATE = 3;
const END = 4;
const RETRY_MS = [300, 1000, 2000, 4000];

const text = new TextDecoder();

export class WallSocket {
  #path;
  #listener;
  #socket = null;
  #tries = 0;
  #wanted = new Map(); // tile -> {viewing, camera}: opened again after a reconnect

  /** `listener`: {init, chunk, state, ended, link}, each called with the tile's number first (link: a word). */
  constructor(path, listener) {
    this.#path = path;
    this.#listener = listener;
    this.#connect();
  }

  open(tile, viewing, camera) {
    this.#wanted.set(tile, { viewing, camera });
    this.#send({ op: "open", tile, viewing, camera });
  }

  close(tile) {
    if (this.#wanted.delete(tile)) this.#send({ op: "close", tile });
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #connect() {
    const url = new URL(this.#path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    const pulse = new Pulse({
      ask: () => this.#send({ op: "here" }),
      silent: () => this.#listener.link("silent"),
      lost: () => socket.dispatchEvent(new CloseEvent("close")),
    });
    socket.addEventListener("open", () => {
      pulse.heard();
      this.#tries = 0;
      this.#listener.link("connected");
      for (const [tile, { viewing, camera }] of this.#wanted) this.#send({ op: "open", tile, viewing, camera });
    });
    socket.addEventListener("message", ({ data }) => {
      if (socket !== this.#socket) return;
      if (pulse.heard()) this.#listener.link("connected");
      if (typeof data === "string") this.#event(JSON.parse(data));
      else this.#frame(data);
    });
    socket.addEventListener("close", (event) => {
      pulse.stop();
      if (socket !== this.#socket) return;
      this.#socket = null;
      socket.close(); // One that is lost closes when its network lets it; nothing of it is heard any more.
      if (event.code === 4401 || event.code === 4403 || event.code === 1008) { this.#listener.link("refused"); return; }
      this.#listener.link("lost");
      setTimeout(() => this.#connect(), RETRY_MS[Math.min(this.#tries++, RETRY_MS.length - 1)]);
    });
  }

  #event(message) {
    if (message.event === "here") return;
    if (message.event === "ended") this.#end(message.tile, message);
    else this.#listener.state(message.tile, message);
  }

  #end(tile, message) {
    this.#wanted.delete(tile);
    this.#listener.ended(tile, message);
  }

  #frame(data) {
    const view = new DataView(data);
    const tile = view.getUint8(0);
    const type = view.getUint8(1);
    if (!this.#wanted.has(tile)) return;
    if (type === CHUNK) {
      this.#listener.chunk(tile, { cameraTime: view.getFloat64(2), isKey: view.getUint8(10) === 1, fragment: new Uint8Array(data, 11) });
    } else if (type === INIT) {
      const bytes = new Uint8Array(data, 2);
      const line = bytes.indexOf(10);
      this.#listener.init(tile, { header: JSON.parse(text.decode(bytes.subarray(0, line))), init: bytes.subarray(line + 1) });
    } else if (type === STATE) {
      this.#listener.state(tile, JSON.parse(text.decode(new Uint8Array(data, 2))));
    } else if (type === END) {
      this.#end(tile, JSON.parse(text.decode(new Uint8Array(data, 2))));
    }
  }
}
