/** Answers, as each task's readers like them: scores as bars, a value, or what the widget makes. */

import { make, percent, rounded, spaced } from "./dom.js";

const MOST_BARS = 10;

/** What a reply says, for the first instance. */
export function answer(model, reply, widget, request) {
  const [prediction] = reply.document.predictions;
  if (widget.answer) return widget.answer(reply.document.predictions, request);
  if ("scores" in prediction) return classes(prediction);
  return value(model, prediction);
}

/** A list of bars; `entries` are `[name, share of the track, figure, class]`. */
export function bars(entries, kind = "") {
  const list = make("ul", { class: `bars ${kind}` });
  for (const [name, from, to, figure, className] of entries) {
    const fill = make("span", { class: `fill ${className ?? ""}` });
    fill.style.setProperty("left", `${100 * Math.min(from, to)}%`);
    fill.style.setProperty("width", `${100 * Math.abs(to - from)}%`);
    list.append(make("li", {},
      make("span", { class: "name", textContent: name }),
      make("span", { class: "track", "aria-hidden": "true" }, fill),
      make("span", { class: "figure", textContent: figure })));
  }
  return list;
}

function classes(prediction) {
  const sorted = Object.entries(prediction.scores).sort(([, a], [, b]) => b - a);
  const list = bars(sorted.slice(0, MOST_BARS).map(([name, score]) => [spaced(name), 0, score, percent(score)]));
  list.firstElementChild.classList.add("first");
  const parts = [
    make("p", { class: "verdict" }, spaced(prediction.label), " ", make("small", { textContent: percent(prediction.score) })),
    list,
  ];
  if (sorted.length > MOST_BARS) {
    const rest = sorted.slice(MOST_BARS);
    parts.push(make("details", {},
      make("summary", { textContent: `${rest.length} more` }),
      bars(rest.map(([name, score]) => [spaced(name), 0, score, percent(score)]))));
  }
  if (prediction.notice) parts.push(make("p", { class: "notice", textContent: prediction.notice }));
  if (prediction.truncated) parts.push(make("p", { class: "notice", textContent: "The text is longer than the model reads; its end was left out." }));
  return make("div", {}, ...parts);
}

function value(model, prediction) {
  const target = model.details.target ?? {};
  return make("div", {},
    make("p", { class: "verdict" }, rounded(prediction.value, 5), " ", make("small", { textContent: prediction.unit })),
    make("p", { class: "soft", textContent: target.description ?? spaced(target.name ?? "") }));
}
