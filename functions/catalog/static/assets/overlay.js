/** A picture with a grid of cells over it, each in the colour of what it adds to the score. */

import { make } from "./dom.js";
import { signed } from "./attributions.js";

const STRONGEST = 0.7;

export function tint(blob, cells) {
  const picture = make("img", { alt: "The picture, with the parts that matter coloured" });
  picture.src = URL.createObjectURL(blob);
  const canvas = make("canvas", { width: 280, height: 280, "aria-hidden": "true" });
  picture.addEventListener("load", () => {
    URL.revokeObjectURL(picture.src);
    paint(canvas, cells);
  });
  return make("div", {}, make("div", { class: "picture" }, picture, canvas), make("p", { class: "small", textContent: inWords(cells) }));
}

function paint(canvas, cells) {
  const context = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const colours = [style.getPropertyValue("--against"), style.getPropertyValue("--for")].map((name) => resolved(canvas, name));
  const most = Math.max(...cells.flat().map(Math.abs), 1e-12);
  const side = canvas.width / cells.length;
  for (const [row, values] of cells.entries()) {
    for (const [column, value] of values.entries()) {
      context.globalAlpha = STRONGEST * Math.sqrt(Math.abs(value) / most);
      context.fillStyle = colours[value < 0 ? 0 : 1];
      context.fillRect(column * side, row * side, side, side);
    }
  }
}

/** A colour as a canvas understands it: the style sheet's own depends on light and dark. */
function resolved(element, colour) {
  const probe = make("span", { hidden: true });
  probe.style.setProperty("color", colour);
  element.parentElement.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** Where the strongest cell is, for whoever does not see it. */
function inWords(cells) {
  const flat = cells.flatMap((values, row) => values.map((value, column) => ({ row, column, value })));
  const best = flat.reduce((a, b) => (b.value > a.value ? b : a));
  const third = (at) => Math.min(2, Math.floor((3 * (at + 0.5)) / cells.length));
  const where = `${["top", "middle", "bottom"][third(best.row)]} ${["left", "centre", "right"][third(best.column)]}`;
  return `What speaks for it most is at the ${where} (${signed(best.value)}).`;
}
