// Work by keyboard: n does what is next (of the row that is chosen, or of the page), c takes a request in, e goes to
// its export.

const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "n") {
    const row = event.target.closest("tr[data-open]");
    const next = (row || document).querySelector("[data-next]");
    if (!next) return;
    event.preventDefault();
    const empty = next.form && [...next.form.elements].find((each) => each.required && !each.value);
    if (empty) empty.focus();
    else next.click();
  }
  const link = ["c", "e"].includes(event.key) && document.querySelector(`[data-key="${event.key}"]`);
  if (link) { event.preventDefault(); link.click(); }
});

// A button pressed twice is pressed once.
document.querySelectorAll("form").forEach((form) => {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
});
addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => delete form.dataset.sent));

if (location.hash === "#next") document.querySelector("#next textarea, #next select, #next input:not([type=hidden]), #next button")?.focus();
