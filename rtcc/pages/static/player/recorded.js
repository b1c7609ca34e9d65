// Recorded footage of one camera in a <video>: fetches what is about to be seen, and little more.
// Media time 0 is the beginning of the session, so that the position of the video is a time of day.

import { canPlay } from "../wall/stream.js";
import { framesOf } from "./frames.js";

const AHEAD_S = 12; // fetched ahead of the playhead, times the speed
const ASK_S = 20; // one request
const ASK_MOST_S = 110; // the server gives two minutes at most
const KEEP_S = 60; // kept around the playhead
const HOLE_S = 2.5; // a hole in the buffer that is simply stepped over

export class Recorded {
  #video;
  #camera;
  #from;
  #to;
  #on;
  #source = new MediaSource();
  #buffer = null;
  #codec = "";
  #file = null; // the file whose INIT the buffer was given last
  #queue = [];
  #asking = null; // AbortController of the running request
  #askedTo = 0; // session time up to which footage was asked for, from the playhead on
  #wanted;
  #gone = false;

  /** Session from..to in ms; starts at `at` (s in the session). `on`: {ended(sentence), refused(Answered), unplayable(codec)}. */
  constructor(video, camera, { from, to, at }, on) {
    this.#video = video;
    this.#camera = camera;
    this.#from = from;
    this.#to = to;
    this.#on = on;
    this.#wanted = at;
    this.#source.addEventListener("sourceopen", () => {
      if (this.#gone) return;
      URL.revokeObjectURL(video.src);
      this.#source.duration = (to - from) / 1000;
      this.seek(this.#wanted);
    }, { once: true });
    video.src = URL.createObjectURL(this.#source);
  }

  /** Goes to a time (s in the session). What is in the buffer is not fetched again. */
  seek(at) {
    this.#wanted = at;
    if (this.#source.readyState !== "open") return;
    this.#video.currentTime = at;
    if (this.#isBuffered(at)) return;
    this.#stop();
    this.#askedTo = at;
  }

  /** Called often while the footage is on screen; `isNeeded` says there is footage at and after the playhead. */
  tick(isNeeded) {
    if (this.#gone || this.#source.readyState !== "open") return;
    this.#step();
    const now = this.#video.currentTime;
    const ahead = AHEAD_S * Math.max(1, this.#video.playbackRate);
    const end = this.#bufferedEnd(now);
    if (isNeeded && !this.#asking && !this.#queue.length && Math.max(end, this.#askedTo) < Math.min(now + ahead, (this.#to - this.#from) / 1000)) {
      this.#ask(Math.max(this.#askedTo, now), Math.min(ASK_S * Math.max(1, this.#video.playbackRate), ASK_MOST_S));
    }
    this.#trim(now);
  }

  /** Forgets that footage up to the end was asked for: more may have been recorded since. */
  refresh() {
    const end = this.#bufferedEnd(this.#video.currentTime);
    if (!this.#asking && end > 0) this.#askedTo = Math.min(this.#askedTo, end);
    else if (!this.#asking) this.#askedTo = this.#video.currentTime;
  }

  /** Clears the picture and lets go of everything. */
  destroy() {
    this.#gone = true;
    this.#stop();
    this.#video.pause();
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  #stop() {
    this.#asking?.abort();
    this.#asking = null;
    this.#queue = [];
  }

  async #ask(from, seconds) {
    const asking = new AbortController();
    this.#asking = asking;
    const until = Math.min(from + seconds, (this.#to - this.#from) / 1000);
    const query = new URLSearchParams({ from: this.#stamp(from), to: this.#stamp(until) });
    if (this.#file) query.set("file", this.#file);
    try {
      for await (const frame of framesOf(`${this.#camera.fragments}?${query}`, asking.signal)) {
        if (asking.signal.aborted) return;
        this.#take(frame);
      }
      this.#askedTo = until;
    } catch (fault) {
      if (fault.name === "AbortError" || this.#gone) return;
      this.#askedTo = until;
      this.#on.refused(fault);
    } finally {
      if (this.#asking === asking) this.#asking = null;
    }
  }

  #stamp(at) {
    return new Date(this.#from + at * 1000).toISOString();
  }

  #take(frame) {
    if (frame.type === "end") { this.#on.ended(frame.sentence); return; }
    if (frame.type === "init" && !canPlay(frame.header.codec)) { this.#stop(); this.#on.unplayable(frame.header.codec); return; }
    if (frame.type !== "init" && frame.type !== "chunk") return;
    if (frame.type === "init") this.#file = frame.header.file;
    this.#queue.push(frame);
    this.#pump();
  }

  #pump() {
    if (this.#gone || !this.#queue.length || this.#source.readyState !== "open" || this.#buffer?.updating) return;
    const frame = this.#queue[0];
    if (frame.type === "init") this.#prepare(frame.header);
    try {
      this.#buffer.appendBuffer(frame.bytes);
      this.#queue.shift();
    } catch (fault) {
      if (fault.name !== "QuotaExceededError") throw fault;
      this.#buffer.remove(0, Math.max(1, this.#video.currentTime - 5));
    }
  }

  #prepare(header) {
    const type = `video/mp4; codecs="${header.codec}"`;
    if (!this.#buffer) {
      this.#buffer = this.#source.addSourceBuffer(type);
      this.#buffer.mode = "segments";
      this.#buffer.addEventListener("updateend", () => this.#pump());
    } else if (header.codec !== this.#codec) {
      this.#buffer.changeType(type);
    }
    this.#codec = header.codec;
    this.#buffer.timestampOffset = header.zero - this.#from / 1000;
  }

  #isBuffered(at) {
    return this.#bufferedEnd(at) > at + 0.2;
  }

  /** Where the buffered range around a time ends; 0 if it lies in none. */
  #bufferedEnd(at) {
    const ranges = this.#buffer?.buffered;
    for (let index = 0; index < (ranges?.length || 0); index += 1) {
      if (at >= ranges.start(index) - 0.1 && at <= ranges.end(index)) return ranges.end(index);
    }
    return 0;
  }

  /** Steps over a short hole, such as between two files, and over any hole once nothing is under way for it. */
  #step() {
    const ranges = this.#buffer?.buffered;
    const now = this.#video.currentTime;
    if (this.#bufferedEnd(now) > now + 0.1) return;
    const isIdle = !this.#asking && !this.#queue.length && !this.#video.paused;
    for (let index = 0; index < (ranges?.length || 0); index += 1) {
      const start = ranges.start(index);
      if (start > now && (isIdle || start - now < HOLE_S)) { this.#video.currentTime = start + 0.01; return; }
    }
  }

  #trim(now) {
    if (!this.#buffer || this.#buffer.updating || !this.#buffer.buffered.length) return;
    const ranges = this.#buffer.buffered;
    if (ranges.start(0) < now - KEEP_S - 10) this.#buffer.remove(0, now - KEEP_S);
    else if (ranges.end(ranges.length - 1) > now + KEEP_S * 3) this.#buffer.remove(now + KEEP_S * 2, Infinity);
  }
}
