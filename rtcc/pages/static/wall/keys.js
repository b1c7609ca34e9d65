// The wall's keys: defaults, the analyst's own choice (kept on this machine), and the dialog that shows them.

const STORE = "watchlight.wall.keys";

export const ACTIONS = {
  layout1: { label: "One tile", key: "1" },
  layout4: { label: "Four tiles", key: "4" },
  layout9: { label: "Nine tiles", key: "9" },
  pick: { label: "Choose the camera of this tile", key: "Enter" },
  close: { label: "Close this tile", key: "x" },
  large: { label: "This tile large, and back", key: "f" },
  bookmark: { label: "Mark the last 30 seconds to the basis and keep them", key: "b" },
  send: { label: "Send this picture to an officer", key: "s" },
  renew: { label: "Renew the grant of this tile", key: "r" },
  exigent: { label: "Exigent access", key: "e" },
  help: { label: "Show these keys", key: "?" },
};
const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

function load() {
  try {
    return JSON.parse(localStorage.getItem(STORE)) || {};
  } catch { // storage may be switched off or hold something foreign: the defaults serve
    return {};
  }
}

export class Keys {
  #chosen = load();
  #run;
  #changing = null;
  #dialog;

  /** `run(action)` gets a name of ACTIONS or left | right | up | down; only `available` ones are shown. */
  constructor(dialog, available, run) {
    this.#run = run;
    this.#dialog = dialog;
    this.available = available;
    // Capturing: a key being chosen must not also close the dialog or move the focus.
    document.addEventListener("keydown", (event) => this.#pressed(event), true);
    const toggle = dialog.querySelector("#keys-on");
    toggle.checked = !this.#chosen.off;
    toggle.addEventListener("change", () => { this.#chosen.off = !toggle.checked; this.#save(); });
    dialog.querySelector("#keys-reset").addEventListener("click", () => { this.#chosen = {}; toggle.checked = true; this.#save(); });
    this.#draw();
  }

  keyOf(action) {
    return this.#chosen[action] || ACTIONS[action].key;
  }

  #save() {
    localStorage.setItem(STORE, JSON.stringify(this.#chosen));
    this.#draw();
  }

  #pressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (this.#changing) { this.#choose(event); return; }
    const target = event.target;
    if (document.querySelector(".modal.show") || target.closest("input,select,textarea,[contenteditable],[data-own-keys]")) return;
    if (event.key === "Enter" && target.closest("button,a")) return;
    if (event.key in ARROWS) { event.preventDefault(); this.#run(ARROWS[event.key]); return; }
    if (this.#chosen.off && event.key !== "Enter" && event.key !== "?") return;
    const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = this.available.find((name) => this.keyOf(name) === pressed);
    if (action) { event.preventDefault(); this.#run(action); }
  }

  #choose(event) {
    if (event.key === "Tab" || event.key === "Shift") return;
    event.preventDefault();
    event.stopPropagation();
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const taken = this.available.find((name) => name !== this.#changing && this.keyOf(name) === key);
    if (event.key !== "Escape" && !taken && !(key in ARROWS)) this.#chosen[this.#changing] = key;
    this.#changing = null;
    this.#save();
  }

  #draw() {
    const rows = this.available.map((action) => {
      const row = document.createElement("tr");
      const what = document.createElement("th");
      what.scope = "row";
      what.textContent = ACTIONS[action].label;
      const cell = document.createElement("td");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm btn-outline-secondary";
      button.setAttribute("aria-label", `${ACTIONS[action].label}: ${this.keyOf(action)}. Change`);
      const key = document.createElement("kbd");
      key.textContent = this.keyOf(action);
      button.append(key);
      button.addEventListener("click", () => { this.#changing = action; key.textContent = "press a key"; });
      cell.append(button);
      row.append(what, cell);
      return row;
    });
    this.#dialog.querySelector("tbody").replaceChildren(...rows);
  }
}
