// Marking the place of a request on the map, which is drawn when it is opened and not before.

const holder = document.getElementById("ask-map");
const details = holder.closest("details");
const [near, lat, lon] = ["near", "lat", "lon"].map((name) => document.getElementById(`id_${name}`));

async function open() {
  if (holder.dataset.open || !details.open) return;
  holder.dataset.open = "yes";
  const [{ loadLeaflet }, { drawCameras, fit, letPick, makeMap }, answer] = await Promise.all([import("../map/load.js"), import("../map/map.js"), fetch(holder.dataset.cameras)]);
  const [{ features }] = await Promise.all([answer.json(), loadLeaflet()]);
  const map = makeMap(holder, { tiles: holder.dataset.tiles });
  const cameras = drawCameras(map, features.map(({ geometry, properties }) => ({
    name: properties.name, owner_class: properties.owner_class, lon: geometry.coordinates[0], lat: geometry.coordinates[1], field_of_view: [],
  })));
  const there = lat.value && lon.value ? [Number(lon.value), Number(lat.value)] : null;
  fit(map, cameras, there);
  const show = letPick(map, { point: there, onPick: (point) => { [lon.value, lat.value] = point; near.value = "map"; } });
  near.addEventListener("change", () => { if (near.value !== "map") show(null); });
}

// A corner that is chosen stands instead of a point.
near.addEventListener("change", () => { if (near.value !== "map") lat.value = lon.value = ""; else details.open = true; });
details.addEventListener("toggle", () => { open().catch((error) => { holder.textContent = error.message; }); });
details.hidden = false;
