// The map of a public page: drawn when it is opened, from the file that everybody may have.

const holder = document.getElementById("public-map");
const details = holder?.closest("details");
const places = ({ features }) => features
  .filter((feature) => !holder.dataset.only || feature.id === holder.dataset.only)
  .map(({ geometry, properties }) => ({
    name: properties.name,
    owner_class: properties.owner_class,
    lon: geometry.coordinates[0],
    lat: geometry.coordinates[1],
    field_of_view: properties.field_of_view?.coordinates[0] ?? [],
    url: holder.dataset.camera?.replace("CODE", properties.code),
  }));

async function open() {
  if (holder.dataset.open || !details.open) return;
  holder.dataset.open = "yes";
  const [{ loadLeaflet }, component, answer] = await Promise.all([import("../map/load.js"), import("../map/map.js"), fetch(holder.dataset.cameras)]);
  const [file] = await Promise.all([answer.json(), loadLeaflet()]);
  const map = component.makeMap(holder, { tiles: holder.dataset.tiles });
  const cameras = component.drawCameras(map, places(file));
  component.fit(map, cameras);
  if (holder.dataset.pick !== undefined) pick(component, map);
}

/** A point that is picked stands in the form instead of a street corner. */
function pick(component, map) {
  const [lat, lon, words] = ["lat", "lon", "q"].map((name) => document.getElementById(name));
  const there = lat.value && lon.value ? [Number(lat.value), Number(lon.value)].reverse() : null;
  const show = component.letPick(map, {
    point: there,
    onPick: (point) => { [lon.value, lat.value] = point; words.value = ""; words.placeholder = "The point on the map"; words.required = false; },
  });
  words.addEventListener("input", () => { lat.value = ""; lon.value = ""; words.required = true; show(null); });
}

details?.addEventListener("toggle", () => { open().catch((error) => { holder.hidden = false; holder.textContent = error.message; }); });
if (details) details.hidden = false;
