/** A pad to draw on, with a mouse, a finger or a pen. */

import { make } from "./dom.js";

const SIDE = 280;
const WIDTH = 22;

/** The pad, and `clear()`; `use` is given a PNG of it after every stroke. */
export function pad(use) {
  const canvas = make("canvas", { class: "pad", width: SIDE, height: SIDE, role: "img", "aria-label": "A pad to draw a digit on, with a pointer" });
  const wipe = make("button", { type: "button", class: "quiet", textContent: "Clear the pad" });
  const context = canvas.getContext("2d");
  let from = null;

  function clear() {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, SIDE, SIDE);
  }

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * SIDE) / box.width, ((event.clientY - box.top) * SIDE) / box.height];
  };

  function line(to) {
    Object.assign(context, { lineWidth: WIDTH, lineCap: "round", lineJoin: "round", strokeStyle: "#000" });
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
    from = to;
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    from = place(event);
    line(from);
  });
  canvas.addEventListener("pointermove", (event) => { if (from) line(place(event)); });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      if (!from) return;
      from = null;
      canvas.dispatchEvent(new Event("input", { bubbles: true }));
      canvas.toBlob((blob) => use(new File([blob], "drawing.png", { type: "image/png" })), "image/png");
    });
  }
  wipe.addEventListener("click", clear);
  clear();
  const element = make("div", { class: "drop" }, make("h3", { textContent: "Or draw a digit" }), canvas, wipe);
  return { element, clear };
}
