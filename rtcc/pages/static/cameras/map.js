// Where the cameras of this page stand and what they see. Without map tiles the base stays plain.

const holder = document.getElementById("camera-map");
const data = document.getElementById("camera-places");

/** The design's own colour of an owner class. */
function colourOf(ownerClass) {
  return getComputedStyle(document.documentElement).getPropertyValue(ownerClass === "partner" ? "--wl-partner" : "--wl-city").trim();
}

/** Draws each camera as a point, and its field of view as an area; a point opens the camera's page. */
function draw(places) {
  const L = window.L;
  holder.hidden = false;
  const map = L.map(holder, { attributionControl: false, scrollWheelZoom: false, zoomSnap: 0.25 });
  const all = L.featureGroup().addTo(map);
  for (const place of places) {
    const color = colourOf(place.owner_class);
    const view = place.field_of_view.map(([lon, lat]) => [lat, lon]);
    if (view.length) L.polygon(view, { color, weight: 1, fillOpacity: 0.08, interactive: false }).addTo(all);
    const point = L.circleMarker([place.lat, place.lon], { radius: 6, color, weight: 2, fillOpacity: 0.9, keyboard: true });
    point.bindTooltip(place.name, { permanent: places.length <= 12, direction: "right" });
    if (place.url) point.on("click", () => { window.location.assign(place.url); });
    point.addTo(all);
  }
  map.fitBounds(all.getBounds().pad(0.03), { maxZoom: 18 });
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
