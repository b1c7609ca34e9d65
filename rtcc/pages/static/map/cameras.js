// Choosing cameras among hundreds: by words, or on the map. The list that the form sends stays the select it was,
// which is what stands there without a script.

import { colour, drawCameras, fit, letDraw, makeMap } from "./map.js";
import { loadLeaflet } from "./load.js";

const MOST_SHOWN = 12;
let number = 0;

class Picker {
  constructor(select, places) {
    this.options = new Map([...select.options].map((option) => [option.value, option]));
    this.places = places.filter((place) => this.options.has(place.id));
    this.id = `picker-${(number += 1)}`;
    this.points = new Map();
    select.hidden = true;
    select.removeAttribute("required");
    this.select = select;
    this.#build(select);
    this.show();
  }

  #build(select) {
    const make = (tag, words, into) => { const made = Object.assign(document.createElement(tag), words); into.append(made); return made; };
    const holder = make("div", { className: "picker" }, select.parentElement);
    select.after(holder);
    this.words = make("input", { id: this.id, type: "search", className: "form-control", placeholder: "Street, code, owner or area", autocomplete: "off" }, holder);
    const label = document.querySelector(`label[for="${select.id}"]`);
    if (label) label.htmlFor = this.id;
    this.words.addEventListener("input", () => this.show());
    this.words.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); this.list.querySelector("input:not(:checked)")?.click(); } });
    this.count = make("p", { className: "help", role: "status" }, holder);
    this.list = make("div", { className: "choices" }, holder);
    this.details = make("details", { className: "mt-2" }, holder);
    make("summary", { textContent: "Choose on the map" }, this.details);
    this.map = make("div", { className: "map mt-2", hidden: true }, this.details);
    this.map.setAttribute("role", "group");
    this.map.setAttribute("aria-label", "Map: a click on a camera chooses it, a drawn area chooses all in it");
    this.details.addEventListener("toggle", () => this.#open());
  }

  is(place) { return this.options.get(place.id).selected; }

  choose(place, yes) { this.options.get(place.id).selected = yes; this.show(); }

  /** Those that are chosen, then what the words find. */
  show() {
    const words = this.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (place) => `${place.name} ${place.code} ${place.owner} ${place.area}`.toLowerCase();
    const chosen = this.places.filter((place) => this.is(place));
    const found = words.length ? this.places.filter((place) => !this.is(place) && words.every((word) => text(place).includes(word))) : [];
    const few = this.places.length <= MOST_SHOWN && !words.length ? this.places.filter((place) => !this.is(place)) : found;
    this.list.replaceChildren(...[...chosen, ...few.slice(0, MOST_SHOWN)].map((place) => this.#line(place)));
    const more = few.length > MOST_SHOWN ? `; ${few.length - MOST_SHOWN} more match, say another word` : "";
    const none = words.length && !few.length ? "; none other matches" : "";
    this.count.textContent = `${chosen.length} of ${this.places.length} chosen${more}${none}`;
    for (const [id, point] of this.points) {
      const place = this.places.find((each) => each.id === id);
      const color = this.is(place) ? colour("--wl-lamp") : colour(place.owner_class === "partner" ? "--wl-partner" : "--wl-city");
      point.setStyle({ color, fillColor: color, radius: this.is(place) ? 9 : 6 });
    }
  }

  #line(place) {
    const line = document.createElement("label");
    line.className = "form-check";
    const box = Object.assign(document.createElement("input"), { type: "checkbox", className: "form-check-input", checked: this.is(place) });
    box.addEventListener("change", () => { this.choose(place, box.checked); this.words.focus(); });
    line.append(box, ` ${place.name} `, Object.assign(document.createElement("span"), { className: "muted", textContent: place.code }));
    return line;
  }

  async #open() {
    if (!this.details.open || this.map.dataset.open) return;
    this.map.dataset.open = "yes";
    await loadLeaflet();
    const map = makeMap(this.map, { tiles: this.map.closest("form").dataset.tiles });
    const standing = this.places.filter((place) => place.lat !== null);
    const group = drawCameras(map, standing, { onCamera: (place) => this.choose(place, !this.is(place)) });
    group.getLayers().filter((layer) => layer.getLatLng).forEach((layer, index) => this.points.set(standing[index].id, layer));
    fit(map, group);
    letDraw(map, {
      onChange: (corners) => {
        if (!corners) return;
        standing.filter((place) => inside([place.lon, place.lat], corners)).forEach((place) => { this.options.get(place.id).selected = true; });
        this.show();
      },
    });
    this.show();
  }
}

/** Whether a point lies in a ring of corners (even-odd rule). */
function inside([x, y], corners) {
  let found = false;
  corners.forEach(([x1, y1], index) => {
    const [x2, y2] = corners[(index + 1) % corners.length];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) found = !found;
  });
  return found;
}

const data = document.getElementById("camera-places");
if (data) {
  const places = JSON.parse(data.textContent);
  document.querySelectorAll("select[data-camera-picker]").forEach((select) => new Picker(select, places));
}
