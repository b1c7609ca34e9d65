// The refusal as a dialog over the wall: the same words as the refusal page.

import { announce } from "../design/page.js";

const NO_ENTRY = "00000000-0000-0000-0000-000000000000";

export function showRefusal(refusal) {
  const dialog = document.getElementById("refusal");
  dialog.querySelector("#refusal-sentence").textContent = refusal.sentence;
  dialog.querySelectorAll("[data-fill]").forEach((element) => { element.textContent = refusal[element.dataset.fill] || ""; });
  dialog.querySelectorAll("[data-when]").forEach((element) => { element.hidden = !refusal[element.dataset.when]; });
  dialog.querySelector("[data-way-url]").href = refusal.way_url || "#refusal";
  const link = dialog.querySelector("[data-entry-url]");
  link.href = refusal.entry_url || link.dataset.entryUrl.replace(NO_ENTRY, refusal.entry_id);
  window.bootstrap.Modal.getOrCreateInstance(dialog).show();
  announce(refusal.sentence, { urgent: true });
}
