// The map of every page: a plain base (or tiles, where the operator names a server), cameras with what they see,
// and drawing an area. Positions are [longitude, latitude] in degrees, as in GeoJSON; Leaflet wants them turned.

const L = () => window.L;
const turn = ([lon, lat]) => [lat, lon];

/** A colour of the design by its custom property. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Makes the map in `holder`. `tiles`: an address with {z} {x} {y}, or "" for a plain base. */
export function makeMap(holder, { tiles = "", credit = "" } = {}) {
  holder.hidden = false;
  const map = L().map(holder, { attributionControl: Boolean(tiles && credit), scrollWheelZoom: false, zoomSnap: 0.25 });
  if (tiles) L().tileLayer(tiles, { attribution: credit, maxZoom: 20 }).addTo(map);
  L().control.scale({ imperial: true }).addTo(map);
  return map;
}

/** Draws cameras {name, lon, lat, owner_class, field_of_view, url} and gives their group; a point with a `url` is a
    way there, or what `onCamera` does with its place. */
export function drawCameras(map, places, { onCamera = null } = {}) {
  const all = L().featureGroup().addTo(map);
  const named = [];
  for (const place of places.filter((each) => each.lat !== null)) {
    const color = colour(place.owner_class === "partner" ? "--wl-partner" : "--wl-city");
    if (place.field_of_view.length) {
      L().polygon(place.field_of_view.map(turn), { color, weight: 1, fillOpacity: 0.08, interactive: false }).addTo(all);
    }
    const point = L().circleMarker([place.lat, place.lon], { radius: 6, color, weight: 2, fillOpacity: 0.9 });
    point.bindTooltip(place.name, { permanent: places.length <= MOST_NAMED, direction: "right" }).addTo(all);
    named.push(point);
    if (onCamera) point.on("click", (event) => { L().DomEvent.stopPropagation(event); onCamera(place); });
    else if (place.url) point.on("click", () => { window.location.assign(place.url); });
  }
  if (places.length <= MOST_NAMED) {
    // A map without a view yet draws its layers after its first move.
    map.whenReady(() => requestAnimationFrame(() => letNamesBreathe(named)));
    map.on("zoomend moveend", () => letNamesBreathe(named));
    for (const point of named) {
      point.on("mouseover", () => { named.forEach((each) => nameOf(each)?.classList.toggle("crowded", each !== point)); });
      point.on("mouseout", () => letNamesBreathe(named));
    }
  }
  return all;
}

const MOST_NAMED = 60;
const nameOf = (point) => point.getTooltip()?.getElement();

/** Hides names that would lie over another; nearer ones appear where there is room. */
function letNamesBreathe(points) {
  const kept = [];
  for (const point of points) {
    const name = nameOf(point);
    if (!name) continue;
    const box = name.getBoundingClientRect();
    const crowded = kept.some((other) => box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom);
    name.classList.toggle("crowded", crowded);
    if (!crowded) kept.push(box);
  }
}

/** Shows all of a group, or `point`, or a city's worth of nothing. */
export function fit(map, group, point = null) {
  const around = point ? L().latLng(turn(point)).toBounds(500) : group.getBounds().pad(0.05);
  if (around.isValid()) map.fitBounds(around, { maxZoom: 18 });
  else map.setView([38.6272, -90.192], 15);
}

/** Lets somebody pick one point, by a click or, with the keyboard, by moving the map and taking its middle.
    Gives a function that shows a point, or none. */
export function letPick(map, { point = null, onPick }) {
  let mark = null;
  const show = (place) => {
    mark?.remove();
    mark = place && L().circleMarker(turn(place), { radius: 9, color: colour("--wl-lamp"), weight: 3, fillOpacity: 0.3 }).addTo(map);
  };
  const pick = (latlng) => { const place = [round(latlng.lng), round(latlng.lat)]; show(place); onPick(place); };
  map.getContainer().classList.add("drawing");
  map.on("click", (event) => pick(event.latlng));
  const control = L().control({ position: "topright" });
  control.onAdd = () => {
    const holder = L().DomUtil.create("div", "leaflet-bar");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Take the middle";
    button.addEventListener("click", () => pick(map.getCenter()));
    holder.append(button);
    L().DomEvent.disableClickPropagation(holder);
    return holder;
  };
  control.addTo(map);
  show(point);
  return show;
}

/** Lets somebody draw one area. `corners`: one that is there; `onChange` is given its corners, or null. */
export function letDraw(map, { corners = null, onChange }) {
  const drawing = new Drawing(map, onChange);
  if (corners) drawing.show(corners);
  return drawing;
}

class Drawing {
  constructor(map, onChange) {
    this.map = map;
    this.onChange = onChange;
    this.corners = [];
    this.mode = null;
    this.shape = null;
    this.buttons = this.#makeButtons();
    map.on("click", (event) => this.#click(event.latlng));
    map.on("mousemove", (event) => this.#move(event.latlng));
    map.on("dblclick", () => { if (this.mode === "area") this.finish(); });
    map.getContainer().addEventListener("keydown", (event) => this.#key(event));
  }

  /** Shows an area that is there already. */
  show(corners) {
    this.#clearShape();
    this.corners = corners;
    this.shape = L().polygon(corners.map(turn), this.#style()).addTo(this.map);
    this.buttons.clear.hidden = false;
  }

  start(mode) {
    const again = this.mode === mode;
    this.stop();
    if (again) return;
    this.#clearShape();
    this.mode = mode;
    this.corners = [];
    this.buttons[mode].setAttribute("aria-pressed", "true");
    this.map.getContainer().classList.add("drawing");
    this.map.doubleClickZoom.disable();
  }

  stop() {
    this.mode = null;
    this.map.getContainer().classList.remove("drawing");
    this.map.doubleClickZoom.enable();
    for (const name of ["area", "box"]) this.buttons[name].setAttribute("aria-pressed", "false");
  }

  finish() {
    const corners = this.corners.filter((corner, index) => index === 0 || String(corner) !== String(this.corners[index - 1]));
    this.stop();
    if (corners.length < 3) return this.clear();
    this.show(corners);
    this.onChange(corners);
  }

  clear() {
    this.stop();
    this.#clearShape();
    this.buttons.clear.hidden = true;
    this.onChange(null);
  }

  #click(latlng) {
    if (this.mode === null) return;
    const corner = [round(latlng.lng), round(latlng.lat)];
    if (this.mode === "box" && this.corners.length === 1) {
      this.corners = box(this.corners[0], corner);
      this.finish();
      return;
    }
    this.corners.push(corner);
    this.#sketch(corner);
  }

  #move(latlng) {
    if (this.mode !== null && this.corners.length) this.#sketch([round(latlng.lng), round(latlng.lat)]);
  }

  #sketch(next) {
    const corners = this.mode === "box" ? box(this.corners[0], next) : [...this.corners, next];
    this.#clearShape();
    this.shape = L().polygon(corners.map(turn), { ...this.#style(), dashArray: "4 4", interactive: false }).addTo(this.map);
  }

  #key(event) {
    if (this.mode === null) return;
    if (event.key === "Escape") this.clear();
    if (event.key === "Enter" && this.mode === "area") { event.preventDefault(); this.finish(); }
  }

  #clearShape() {
    if (this.shape) this.shape.remove();
    this.shape = null;
  }

  #style() {
    return { color: colour("--wl-lamp"), weight: 2, fillOpacity: 0.12 };
  }

  #makeButtons() {
    const made = {};
    const control = L().control({ position: "topright" });
    control.onAdd = () => {
      const holder = L().DomUtil.create("div", "leaflet-bar");
      const add = (name, text, act) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = text;
        button.addEventListener("click", act);
        holder.append(button);
        made[name] = button;
      };
      add("box", "Draw a box", () => this.start("box"));
      add("area", "Draw an area", () => this.start("area"));
      add("clear", "Clear", () => this.clear());
      made.clear.hidden = true;
      L().DomEvent.disableClickPropagation(holder);
      return holder;
    };
    control.addTo(this.map);
    return made;
  }
}

const round = (degrees) => Math.round(degrees * 1e6) / 1e6;

function box([west, south], [east, north]) {
  return [[west, south], [east, south], [east, north], [west, north]];
}
