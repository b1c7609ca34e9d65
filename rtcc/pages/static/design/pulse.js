// A network that goes away says nothing: its socket stays open for minutes. So who hears nothing asks, and
// who is not answered says so, and then begins anew.

const TICK_MS = 1000;
const SILENT_AFTER = 4;
const LOST_AFTER = 10;

export class Pulse {
  #ask;
  #silent;
  #lost;
  #unanswered = 0; // ticks, not time: a page in the background is given few of them
  #timer;

  /** `ask()` sends a question that is answered at once; `silent()`, `lost()` after so many ticks unanswered. */
  constructor({ ask, silent, lost }) {
    [this.#ask, this.#silent, this.#lost] = [ask, silent, lost];
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Something came. True where nothing had come for long. */
  heard() {
    const wasSilent = this.#unanswered > SILENT_AFTER;
    this.#unanswered = 0;
    return wasSilent;
  }

  stop() {
    clearInterval(this.#timer);
  }

  #tick() {
    this.#unanswered += 1;
    if (this.#unanswered > LOST_AFTER) { this.stop(); this.#lost(); return; }
    if (this.#unanswered > SILENT_AFTER) this.#silent();
    if (this.#unanswered > 1) this.#ask();
  }
}
