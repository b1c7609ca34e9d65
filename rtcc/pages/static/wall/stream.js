// One live picture: Media Source Extensions fed with a camera's own fragments, kept near the live edge.

const TARGET_S = 0.35; // how far behind the newest frame playback is placed
const HURRY_S = 0.6; // behind this, play faster: the more so the farther behind
const LEAP_S = 4; // behind this, leap to the edge
const SETTLING_MS = 1500; // after a beginning, when the last seconds come at once, leap sooner
const KEEP_S = 12; // played picture kept in the buffer
const TRIM_S = 20; // trimmed when more than this is kept
const WAITING_MAX = 600; // chunks waiting to be appended before they are given up until the next key frame

/** Whether this browser can play a codec string such as avc1.640028. */
export function canPlay(codec) {
  return "MediaSource" in window && MediaSource.isTypeSupported(`video/mp4; codecs="${codec}"`);
}

function joined(parts) {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.byteLength; }
  return whole;
}

export class LiveStream {
  #video;
  #source = null;
  #buffer = null;
  #url = null;
  #waiting = [];
  #wantsKey = true;
  #placed = false;
  #begunMs = 0;
  #onFault;

  /** `onFault(sentence)` is called when the browser gives the picture up. */
  constructor(video, { onFault }) {
    this.#video = video;
    this.#onFault = onFault;
    video.addEventListener("error", () => {
      if (this.#source) this.#onFault(video.error?.message || "The browser could not decode the picture.");
    });
  }

  /** Begins anew with an initialisation segment. A second one (reconnect, other size) replaces the first. */
  begin(codec, init) {
    this.clear();
    const source = new MediaSource();
    this.#source = source;
    this.#url = URL.createObjectURL(source);
    this.#waiting = [init];
    this.#begunMs = performance.now();
    source.addEventListener("sourceopen", () => {
      if (this.#source !== source) return;
      this.#buffer = source.addSourceBuffer(`video/mp4; codecs="${codec}"`);
      this.#buffer.mode = "segments";
      this.#buffer.addEventListener("updateend", () => { if (this.#source === source) this.#afterUpdate(); });
      this.#append();
    }, { once: true });
    this.#video.src = this.#url;
  }

  /** Takes one fragment. Playback can only start, and go on after a loss, at a key frame. */
  push(isKey, fragment) {
    if (!this.#source) return;
    if (this.#wantsKey && !isKey) return;
    this.#wantsKey = false;
    if (this.#waiting.length > WAITING_MAX) {
      this.#waiting = [];
      this.#wantsKey = true;
      return;
    }
    this.#waiting.push(fragment);
    this.#append();
  }

  /** Lets go of the picture: nothing of it stays on screen or in memory. */
  clear() {
    this.#source = null;
    this.#buffer = null;
    this.#waiting = [];
    this.#wantsKey = true;
    this.#placed = false;
    this.#video.pause();
    this.#video.removeAttribute("src");
    this.#video.load();
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = null;
  }

  /** Where playback stands, in seconds of the stream's own time. It not moving means a frozen picture. */
  get position() {
    return this.#video.currentTime;
  }

  #append() {
    if (!this.#buffer || this.#buffer.updating || this.#waiting.length === 0) return;
    const parts = this.#waiting;
    this.#waiting = [];
    try {
      this.#buffer.appendBuffer(joined(parts));
    } catch (fault) {
      if (fault.name !== "QuotaExceededError") { this.#onFault(fault.message); return; }
      this.#waiting = [];
      this.#wantsKey = true;
      this.#trim(2);
    }
  }

  #afterUpdate() {
    const ranges = this.#buffer.buffered;
    if (ranges.length > 0) this.#keepUp(ranges.start(ranges.length - 1), ranges.end(ranges.length - 1));
    if (!this.#buffer.updating && this.#waiting.length === 0) this.#trim(KEEP_S);
    this.#append();
  }

  #keepUp(start, end) {
    const video = this.#video;
    const leap = performance.now() - this.#begunMs < SETTLING_MS ? HURRY_S : LEAP_S;
    if (!this.#placed || end - video.currentTime > leap || video.currentTime < start || video.currentTime > end) {
      video.currentTime = Math.max(start, end - TARGET_S);
      video.playbackRate = 1;
      this.#placed = true;
    }
    const behind = end - video.currentTime;
    if (behind > HURRY_S) video.playbackRate = Math.min(1.5, 1.05 + (behind - HURRY_S) * 0.3);
    else if (behind < TARGET_S) video.playbackRate = 1;
    if (video.paused) video.play().catch((fault) => { if (fault.name !== "AbortError") this.#onFault(fault.message); });
  }

  #trim(keep) {
    if (!this.#buffer || this.#buffer.updating || this.#buffer.buffered.length === 0) return;
    const oldest = this.#buffer.buffered.start(0);
    const now = this.#video.currentTime;
    if (now - oldest > Math.min(TRIM_S, keep + 8)) this.#buffer.remove(oldest, now - keep);
  }
}
