// The camera list with search: a combobox over a list box. Arrows walk it, Enter chooses.

const SHOWN_MAX = 200;
const STATES = { up: ["Up", "good"], down: ["No picture", "warn"], paused: ["Paused by its owner", "warn"], registry: ["Map only", "plain"] };

export class Picker {
  #dialog;
  #cameras;
  #grants;
  #search;
  #list;
  #shown = [];
  #at = 0;
  #choose = null;

  constructor(dialog, cameras, grants) {
    this.#dialog = dialog;
    this.#cameras = cameras;
    this.#grants = grants;
    this.#search = dialog.querySelector("#picker-search");
    this.#list = dialog.querySelector("#picker-list");
    this.#search.addEventListener("input", () => { this.#at = 0; this.#draw(); });
    this.#search.addEventListener("keydown", (event) => this.#pressed(event));
    this.#list.addEventListener("click", (event) => {
      const item = event.target.closest("li");
      if (item) this.#take(Number(item.dataset.index));
    });
    dialog.addEventListener("shown.bs.modal", () => this.#search.focus());
  }

  /** Opens the list; `choose(camera, grantId)` is called once when a camera is taken. */
  open(grantId, choose) {
    this.#choose = choose;
    const select = this.#dialog.querySelector("#picker-grant");
    const options = [...this.#grants.values()].map((grant) => new Option(`${grant.basis} ${grant.title}`, grant.id, false, grant.id === grantId));
    select.replaceChildren(...(options.length ? options : [new Option("No basis is open", "")]));
    this.#search.value = "";
    this.#at = 0;
    this.#draw();
    window.bootstrap.Modal.getOrCreateInstance(this.#dialog).show();
  }

  #pressed(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    if (event.key in steps) {
      event.preventDefault();
      this.#at = Math.min(this.#shown.length - 1, Math.max(0, this.#at + steps[event.key]));
      this.#mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#take(this.#at);
    }
  }

  #take(index) {
    const camera = this.#shown[index];
    if (!camera) return;
    const grantId = this.#dialog.querySelector("#picker-grant").value;
    const choose = this.#choose;
    this.#choose = null;
    this.#dialog.addEventListener("hidden.bs.modal", () => choose?.(camera, grantId), { once: true });
    window.bootstrap.Modal.getInstance(this.#dialog).hide();
  }

  #draw() {
    const words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = this.#cameras.filter((camera) => {
      const line = `${camera.code} ${camera.name} ${camera.site} ${camera.owner}`.toLowerCase();
      return words.every((word) => line.includes(word));
    });
    this.#shown = matches.slice(0, SHOWN_MAX);
    const many = matches.length > SHOWN_MAX ? `, the first ${SHOWN_MAX} shown` : "";
    this.#dialog.querySelector("#picker-count").textContent = `${matches.length} of ${this.#cameras.length} cameras${many}`;
    this.#list.replaceChildren(...this.#shown.map((camera, index) => this.#item(camera, index)));
    this.#mark();
  }

  #item(camera, index) {
    const item = document.createElement("li");
    item.id = `picker-${index}`;
    item.dataset.index = index;
    item.setAttribute("role", "option");
    const part = (tag, className, content) => {
      const element = document.createElement(tag);
      element.className = className;
      element.textContent = content;
      return element;
    };
    const [word, level] = STATES[camera.state] || [camera.state, "plain"];
    const owner = camera.owner_class === "public" ? "City" : camera.owner;
    item.append(part("strong", "", camera.name), part("span", "place", camera.note || camera.site), part("span", `owner ${camera.owner_class}`, owner), part("span", `state ${level}`, word));
    return item;
  }

  #mark() {
    [...this.#list.children].forEach((item, index) => {
      item.setAttribute("aria-selected", String(index === this.#at));
      if (index === this.#at) item.scrollIntoView({ block: "nearest" });
    });
    if (this.#shown.length) this.#search.setAttribute("aria-activedescendant", `picker-${this.#at}`);
    else this.#search.removeAttribute("aria-activedescendant");
  }
}
