/** Why: what each part of the request adds to the score, as bars, coloured words or an overlay. */

import { make, rounded, spaced } from "./dom.js";
import { bars } from "./result.js";

const MOST_BARS = 12;

export function attributions(prediction, widget) {
  const why = prediction.attributions;
  const what = why.label === undefined ? "the value" : `“${spaced(String(why.label))}”`;
  const parts = [make("h3", { textContent: `What speaks for ${what}` }), legend()];
  if (why.features) parts.push(features(why.features, widget.values?.() ?? {}));
  if (why.tokens) parts.push(words(why.tokens, widget.text()));
  if (why.cells) parts.push(widget.overlay(why.cells));
  if (why.segments) parts.push(widget.segments(why.segments));
  parts.push(make("p", { class: "small soft", textContent: sum(why) }));
  return make("div", {}, ...parts);
}

function legend() {
  return make("p", { class: "legend" },
    make("span", { class: "key-for", textContent: "speaks for it" }),
    make("span", { class: "key-against", textContent: "speaks against it" }));
}

function sum(why) {
  return `The parts and a base of ${rounded(why.base, 3)} add up to ${rounded(why.score, 4)}; method: ${spaced(why.method)}.`;
}

function features(values, given) {
  const sorted = Object.entries(values).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a)).slice(0, MOST_BARS);
  const most = Math.max(...sorted.map(([, value]) => Math.abs(value)), 1e-12);
  return bars(sorted.map(([name, value]) => {
    const title = name in given ? `${spaced(name)} = ${given[name]}` : spaced(name);
    return [title, 0.5, 0.5 + value / most / 2, signed(value), value < 0 ? "against" : "for"];
  }), "signed");
}

/** The text with each token in the colour of what it adds; offsets count code points. */
function words(tokens, text) {
  const points = [...text];
  const most = Math.max(...tokens.map((token) => Math.abs(token.value)), 1e-12);
  const box = make("p", { class: "words", tabIndex: 0 });
  let at = 0;
  for (const { start, end, value } of tokens) {
    box.append(points.slice(at, start).join(""));
    const share = Math.abs(value) / most;
    const strength = share > 0.5 ? "strong" : "";
    const mark = make("mark", { class: `${value < 0 ? "against" : "for"} ${strength}`, title: signed(value), textContent: points.slice(start, end).join("") });
    mark.style.setProperty("--strength", `${Math.round(55 * Math.sqrt(share))}%`);
    box.append(mark);
    at = end;
  }
  box.append(points.slice(at).join(""));
  return make("div", {}, box, strongest(tokens));
}

/** The same in words, for whoever does not see colours. */
function strongest(tokens) {
  const named = (wanted) => tokens.filter(wanted).sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, 5)
    .map((token) => `${token.token.trim()} (${signed(token.value)})`).join(", ") || "nothing";
  return make("p", { class: "small", textContent: `Most for it: ${named((token) => token.value > 0)}. Most against it: ${named((token) => token.value < 0)}.` });
}

export function signed(value) {
  return `${value < 0 ? "−" : "+"}${rounded(Math.abs(value), 2)}`;
}
