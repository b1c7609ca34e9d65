// The place of a request on the map: a point with metres around it, or an area that is drawn. On a request's own
// page the map only shows it.

import { colour, drawCameras, letDraw, makeMap } from "../map/map.js";

const holder = document.getElementById("place-map");
const data = JSON.parse(document.getElementById("place-data").textContent);
const field = (name) => document.getElementById(`id_${name}`);
const turn = ([lon, lat]) => [lat, lon];
const round = (degrees) => Math.round(degrees * 1e6) / 1e6;

function begin(map, cameras) {
  const around = data.area ? window.L.latLngBounds(data.area.map(turn)).pad(1.5) : cameras.getBounds().pad(0.05);
  if (around.isValid()) map.fitBounds(around, { maxZoom: 18 });
  else map.setView([38.6272, -90.192], 15);
}

function showCircle(map, state) {
  state.circle?.remove();
  state.circle = null;
  const [lat, lon] = [Number(field("lat").value), Number(field("lon").value)];
  if (!field("lat").value || !field("lon").value || !Number.isFinite(lat + lon)) return;
  const radius = Number(field("radius_m").value) || 60;
  state.circle = window.L.circle([lat, lon], { radius, color: colour("--wl-lamp"), weight: 2, fillOpacity: 0.12 }).addTo(map);
}

function letMark(map) {
  const state = { circle: null };
  const near = field("near");
  const drawing = letDraw(map, {
    onChange: (corners) => {
      field("corners").value = corners ? corners.map((corner) => corner.join(",")).join(";") : "";
      if (corners) { field("lat").value = field("lon").value = ""; near.value = "map"; }
      showCircle(map, state);
    },
  });
  map.on("click", ({ latlng }) => {
    if (drawing.mode !== null || field("corners").value) return;
    field("lat").value = round(latlng.lat);
    field("lon").value = round(latlng.lng);
    near.value = "map";
    showCircle(map, state);
  });
  near.addEventListener("change", () => {
    const place = data.places.find((each) => each.code === near.value);
    if (field("corners").value) drawing.clear();
    field("lat").value = place ? round(place.lat) : "";
    field("lon").value = place ? round(place.lon) : "";
    showCircle(map, state);
    if (place) map.setView([place.lat, place.lon], 18);
  });
  for (const name of ["lat", "lon", "radius_m"]) field(name).addEventListener("change", () => showCircle(map, state));
  showCircle(map, state);
}

function start() {
  const map = makeMap(holder, { tiles: holder.dataset.tiles });
  const cameras = drawCameras(map, data.places);
  begin(map, cameras);
  if (data.area) window.L.polygon(data.area.map(turn), { color: colour("--wl-lamp"), weight: 2, fillOpacity: 0.12 }).addTo(map);
  if (!("fixed" in holder.dataset)) letMark(map);
}

// Leaflet's file is deferred too: it is there when the page has been read.
if (window.L) start();
else window.addEventListener("DOMContentLoaded", start);
