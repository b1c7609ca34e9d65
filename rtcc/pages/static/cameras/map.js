// Where the cameras of this page stand and what they see. Without map tiles the base stays plain.

const CITY = "#7fb2ff";
const PARTNER = "#f0b35a";

const holder = document.getElementById("camera-map");
const data = document.getElementById("camera-places");

/** Draws each camera as a point, and its field of view as an area; a point opens the camera's page. */
function draw(places) {
  const L = window.L;
  holder.hidden = false;
  const map = L.map(holder, { attributionControl: false, scrollWheelZoom: false });
  const all = L.featureGroup().addTo(map);
  for (const place of places) {
    const color = place.owner_class === "partner" ? PARTNER : CITY;
    const view = place.field_of_view.map(([lon, lat]) => [lat, lon]);
    if (view.length) L.polygon(view, { color, weight: 1, fillOpacity: 0.08, interactive: false }).addTo(all);
    const point = L.circleMarker([place.lat, place.lon], { radius: 6, color, weight: 2, fillOpacity: 0.9, keyboard: true });
    point.bindTooltip(place.name);
    if (place.url) point.on("click", () => { window.location.assign(place.url); });
    point.addTo(all);
  }
  map.fitBounds(all.getBounds().pad(0.1), { maxZoom: 18 });
  L.control.scale({ imperial: true }).addTo(map);
}

window.addEventListener("DOMContentLoaded", start);
if (document.readyState !== "loading") start();

function start() {
  window.removeEventListener("DOMContentLoaded", start);
  if (!holder || !data || !window.L) return;
  const places = JSON.parse(data.textContent).filter((place) => place.lat !== null);
  if (places.length) draw(places);
}
