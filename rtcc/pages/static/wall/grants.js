// The grants this wall works under, each with the time it has left. The nearer the end, the larger the number.

import { announce, toast } from "../design/page.js";
import { nearness, timeLeft } from "./tile.js";

export class Grants {
  byId = new Map();
  #strip;
  #warned = new Map(); // id -> last nearness said

  constructor(strip, grants) {
    this.#strip = strip;
    grants.forEach((grant) => this.put(grant));
  }

  /** Adds a grant or brings one up to date, in place, so that tiles see the new end. */
  put(grant) {
    const known = this.byId.get(grant.id);
    if (known) Object.assign(known, grant);
    else this.byId.set(grant.id, grant);
    this.#warned.delete(grant.id);
    this.#draw();
  }

  tick(nowMs) {
    for (const grant of this.byId.values()) {
      if (!grant.expires_at) continue;
      const left = (Date.parse(grant.expires_at) - nowMs) / 1000;
      const chip = this.#strip.querySelector(`[data-grant="${CSS.escape(grant.id)}"]`);
      chip.className = `grant ${nearness(left)}`;
      chip.querySelector(".left").textContent = left > 0 ? timeLeft(left) : "ended";
      this.#warn(grant, left);
    }
  }

  #warn(grant, left) {
    const near = nearness(left);
    if (!near || left <= 0 || this.#warned.get(grant.id) === near) return;
    this.#warned.set(grant.id, near);
    const how = grant.renewable ? "R renews it." : "It cannot be renewed.";
    const sentence = `${grant.basis}: ${near === "last" ? "less than one minute" : "less than five minutes"} left. ${how}`;
    toast(sentence);
    announce(sentence, { urgent: near === "last" });
  }

  #draw() {
    this.#strip.replaceChildren(...[...this.byId.values()].map((grant) => {
      const chip = document.createElement("span");
      chip.className = "grant";
      chip.dataset.grant = grant.id;
      chip.title = [grant.title, grant.purpose].filter(Boolean).join(" · ");
      const basis = document.createElement("strong");
      basis.textContent = grant.basis;
      const left = document.createElement("span");
      left.className = "left";
      chip.append(basis, ...(grant.state === "pending" && grant.basis !== "number follows" ? ["number follows"] : []), left);
      return chip;
    }));
  }
}
