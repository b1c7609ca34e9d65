// Leaflet, fetched when a map is opened and not before: a page without its map stays small.

const files = new URL("../vendor/leaflet/", import.meta.url);
let loading = null;

function add(element) {
  return new Promise((resolve, reject) => {
    element.addEventListener("load", resolve);
    element.addEventListener("error", () => reject(new Error("The map could not be fetched.")));
    document.head.append(element);
  });
}

/** Resolves when `window.L` is there. */
export function loadLeaflet() {
  loading ??= (async () => {
    if (window.L) return;
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("leaflet.css", files);
    const script = document.createElement("script");
    script.src = new URL("leaflet.js", files);
    await Promise.all([add(style), add(script)]);
  })();
  return loading;
}
