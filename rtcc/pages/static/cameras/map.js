// Where the cameras of this page stand and what they see; a point opens the camera's page.

import { loadLeaflet } from "../map/load.js";
import { drawCameras, fit, makeMap } from "../map/map.js";

const holder = document.getElementById("camera-map");
const data = document.getElementById("camera-places");

async function start() {
  const places = JSON.parse(data.textContent).filter((place) => place.lat !== null);
  if (!places.length) return;
  await loadLeaflet();
  const map = makeMap(holder, { tiles: holder.dataset.tiles });
  fit(map, drawCameras(map, places));
}

if (holder && data) start();
