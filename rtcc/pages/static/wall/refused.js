// The refusal as a dialog over the wall: the same words as the refusal page.

import { announce } from "../design/page.js";

export function showRefusal(refusal) {
  const dialog = document.getElementById("refusal");
  dialog.querySelector("#refusal-sentence").textContent = refusal.sentence;
  dialog.querySelectorAll("[data-fill]").forEach((element) => { element.textContent = refusal[element.dataset.fill] || ""; });
  dialog.querySelectorAll("[data-when]").forEach((element) => { element.hidden = !refusal[element.dataset.when]; });
  window.bootstrap.Modal.getOrCreateInstance(dialog).show();
  announce(refusal.sentence, { urgent: true });
}
