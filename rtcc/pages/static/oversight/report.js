// The report's map: an area that is drawn becomes the filter "place", and filters that say nothing stay out of
// the address.

import { drawCameras, letDraw, makeMap } from "../map/map.js";

const form = document.getElementById("report-filters");
const holder = document.getElementById("report-map");
const field = document.getElementById("place");

function corners() {
  const found = field.value.split(";").map((corner) => corner.split(",").map(Number));
  return found.length >= 3 && found.every((corner) => corner.length === 2 && corner.every(Number.isFinite)) ? found : null;
}

function start() {
  const places = JSON.parse(document.getElementById("report-places").textContent);
  const map = makeMap(holder, { tiles: holder.dataset.tiles });
  const cameras = drawCameras(map, places);
  const there = corners();
  const around = there ? window.L.latLngBounds(there.map(([lon, lat]) => [lat, lon])).pad(0.6) : cameras.getBounds().pad(0.05);
  if (around.isValid()) map.fitBounds(around, { maxZoom: 18 });
  else map.setView([38.6272, -90.192], 15);
  const drawing = letDraw(map, {
    corners: there,
    onChange: (drawn) => { field.value = drawn ? drawn.map((corner) => corner.join(",")).join(";") : ""; },
  });
  field.addEventListener("change", () => { const typed = corners(); if (typed) drawing.show(typed); });
}

const details = holder.closest("details");
let started = false;
function open() {
  if (started || !details.open || !window.L) return;
  started = true;
  start();
}
details.addEventListener("toggle", open);
window.addEventListener("DOMContentLoaded", open);
open();

form.addEventListener("submit", () => {
  for (const each of form.elements) if (each.name && !each.value) each.disabled = true;
});
window.addEventListener("pageshow", () => { for (const each of form.elements) each.disabled = false; });
