// Hands a file in, as it is: no form around it, so that nothing of it has to wait anywhere.
import { announce } from "../design/page.js";

const form = document.getElementById("hand-in");
const bar = document.getElementById("sent");
const says = document.getElementById("hand-in-says");
const button = form.querySelector("button");

function say(sentence, bad = false) {
  says.textContent = sentence;
  says.className = bad ? "form-errors" : "muted";
  announce(sentence, { urgent: bad });
}

function sentence(request) {
  try {
    return JSON.parse(request.responseText).title || `The server answered ${request.status}.`;
  } catch {
    return "The connection broke before the file was there. Try again.";
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const file = form.elements.file.files[0];
  if (!file) return;
  const most = Number(form.dataset.most);
  if (file.size > most) {
    say(`This file has ${Math.ceil(file.size / 2 ** 20)} MB; at most ${most / 2 ** 20} MB are taken. Cut it to the time that was asked for.`, true);
    return;
  }
  const query = new URLSearchParams({ name: file.name, starts_at: form.elements.starts_at.value, twice: form.elements.twice.value });
  const request = new XMLHttpRequest();
  request.open("POST", `${form.dataset.to}?${query}`);
  request.upload.addEventListener("progress", ({ loaded, total }) => { bar.max = total; bar.value = loaded; });
  request.upload.addEventListener("load", () => say("All of it is there. It is being looked into…"));
  request.addEventListener("load", () => {
    if (request.status === 201) { location.reload(); return; }
    bar.hidden = true;
    button.disabled = false;
    say(sentence(request), true);
  });
  request.addEventListener("error", () => { bar.hidden = true; button.disabled = false; say(sentence(request), true); });
  bar.hidden = false;
  button.disabled = true;
  say("It is on its way. Leave this page open.");
  request.send(file);
});
