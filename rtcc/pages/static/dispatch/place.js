// The place of an incident: a corner by its name, a click on the map, or typed coordinates; each fills the others.

import { loadLeaflet } from "../map/load.js";
import { drawCameras, fit, letPick, makeMap } from "../map/map.js";

const holder = document.getElementById("incident-map");
const places = JSON.parse(document.getElementById("camera-places").textContent);
const [words, lat, lon] = ["place", "lat", "lon"].map((name) => document.querySelector(`[name="${name}"]`));
const NEAR_M = 60;

const typed = () => (lat.value && lon.value ? [Number(lat.value), Number(lon.value)].reverse() : null);

/** The camera that stands within 60 m of a point, by its name; otherwise how far the nearest is. */
function nameOf(map, [east, north]) {
  const away = (place) => map.distance([north, east], [place.lat, place.lon]);
  const nearest = places.filter((place) => place.lat !== null).sort((one, other) => away(one) - away(other))[0];
  if (!nearest) return "";
  return away(nearest) < NEAR_M ? nearest.name : `${Math.round(away(nearest))} m from ${nearest.name}`;
}

async function start() {
  await loadLeaflet();
  const map = makeMap(holder, { tiles: holder.dataset.tiles });
  const cameras = drawCameras(map, places);
  fit(map, cameras, typed());
  const show = letPick(map, {
    point: typed(),
    onPick: (point) => { [lon.value, lat.value] = point; words.value = nameOf(map, point); },
  });
  words.addEventListener("input", () => {
    const corner = places.find((place) => place.lat !== null && place.name.toLowerCase() === words.value.trim().toLowerCase());
    [lon.value, lat.value] = corner ? [corner.lon, corner.lat] : ["", ""];
    show(typed());
    if (corner) map.panTo([corner.lat, corner.lon]);
  });
  for (const field of [lat, lon]) field.addEventListener("change", () => show(typed()));
}

start();
