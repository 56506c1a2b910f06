/** A line chart of what was and what is expected, with a band around that. */

import { draw, rounded } from "./dom.js";

// On a phone it is drawn smaller, so that its words are not.
const WIDTH = matchMedia("(max-width: 40rem)").matches ? 380 : 640;
const HEIGHT = matchMedia("(max-width: 40rem)").matches ? 240 : 300;
const LEFT = 56;
const BOTTOM = 34;
const TOP = 12;
const TICKS = 5;

export function chart({ past, mean, lower, upper, unit, label }) {
  const all = [...past, ...mean, ...lower, ...upper];
  const ticks = niceTicks(Math.min(...all), Math.max(...all));
  const [least, most] = [ticks[0], ticks.at(-1)];
  const count = past.length + mean.length - 1;
  const x = (at) => LEFT + ((WIDTH - LEFT - 8) * at) / count;
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - least) / (most - least));
  const start = past.length;
  const path = (values, from) => values.map((value, at) => `${at ? "L" : "M"}${x(from + at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const svg = draw("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
  for (const tick of ticks) {
    svg.append(draw("line", { class: "grid", x1: LEFT, x2: WIDTH - 8, y1: y(tick), y2: y(tick) }),
      draw("text", { x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end" }, rounded(tick, 3)));
  }
  for (const at of niceTicks(-past.length, mean.length - 1)) {
    const place = at + start - 1;
    if (place < 0 || place > count) continue;
    svg.append(draw("text", { x: x(place), y: HEIGHT - 12, "text-anchor": "middle" }, at === 0 ? "now" : `${at > 0 ? "+" : "−"}${Math.abs(at)} h`));
  }
  svg.append(
    draw("line", { class: "now", x1: x(start - 1), x2: x(start - 1), y1: TOP, y2: HEIGHT - BOTTOM }),
    draw("path", { class: "band", d: area(upper, lower, start, x, y) }),
    draw("path", { class: "past", d: path(past, 0) }),
    draw("path", { class: "mean", d: path([past.at(-1), ...mean], start - 1) }),
    draw("text", { x: LEFT - 8, y: HEIGHT - 12, "text-anchor": "end" }, unit));
  return svg;
}

/** The outline of a band: forth along its upper edge, back along the lower one. */
function area(upper, lower, start, x, y) {
  const there = upper.map((value, at) => `${x(start + at).toFixed(1)} ${y(value).toFixed(1)}`);
  const back = lower.map((value, at) => `${x(start + at).toFixed(1)} ${y(value).toFixed(1)}`).reverse();
  return `M${[...there, ...back].join("L")}Z`;
}

/** Round numbers around a range, about TICKS of them. */
function niceTicks(least, most) {
  const raw = (most - least || 1) / TICKS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= raw);
  const first = Math.floor(least / step);
  const last = Math.ceil(most / step);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}
