// Keyboard of the incident list: up and down move, Enter is the button's own, u opens the units.
const buttons = [...document.querySelectorAll("#incidents button.incident")];

function move(step) {
  const at = buttons.indexOf(document.activeElement);
  const next = buttons[Math.min(Math.max(at + step, 0), buttons.length - 1)];
  next?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select")) return;
  if (event.key === "ArrowDown" || event.key === "j") move(1);
  else if (event.key === "ArrowUp" || event.key === "k") move(-1);
  else if (event.key === "u") document.activeElement?.closest("li")?.querySelector("[data-units]")?.click();
  else return;
  event.preventDefault();
});

buttons[0]?.focus();
