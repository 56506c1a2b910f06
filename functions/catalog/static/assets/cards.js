/** A card per model: what it does, how well, how large, how quick and at what price. */

import { make, percent, perMillion, rounded, spaced } from "./dom.js";

const TASKS = {
  tabular_classification: "Table rows → class",
  tabular_regression: "Table rows → number",
  text_classification: "Text → class",
  image_classification: "Image → class",
  audio_classification: "Sound → class",
  embedding: "Text → vector",
  forecasting: "Series → forecast",
  tensors: "Tensors",
};
const KINDS = {
  Tables: ["tabular_classification", "tabular_regression"],
  Images: ["image_classification"],
  Texts: ["text_classification", "embedding"],
  Sound: ["audio_classification"],
  Series: ["forecasting"],
  Tensors: ["tensors"],
};
// A metric to show -> how it is called.
const HEADLINES = {
  accuracy: "Accuracy",
  r2: "Variance explained",
  spearman: "Rank correlation",
  mae: "Mean error",
  mse_96: "Squared error, 96 h",
};

export const taskName = (task) => TASKS[task] ?? spaced(task);

/** What there is to know of a model at a glance, as a list of terms. */
export function facts(model) {
  const entries = [];
  const metric = Object.keys(HEADLINES).find((name) => name in model.metrics);
  if (metric) {
    const value = model.metrics[metric];
    entries.push([HEADLINES[metric], metric === "accuracy" ? percent(value) : rounded(value, 3)]);
  }
  entries.push(["Size", size(model.size_bytes)]);
  entries.push(["Computing time", latency(model.latency_ms)]);
  entries.push(["A million answers", perMillion(model.answer_usd)]);
  const list = make("dl", { class: "facts" });
  for (const [term, value] of entries) {
    list.append(make("div", {}, make("dt", { textContent: term }), make("dd", { textContent: value })));
  }
  return list;
}

/** Buttons that leave only one kind of model in the list. */
export function filters(models, show) {
  const present = Object.entries(KINDS).filter(([, tasks]) => models.some((model) => tasks.includes(model.task)));
  const buttons = [["All", null], ...present].map(([name, tasks]) => {
    const button = make("button", { type: "button", class: "choice", textContent: name, "aria-pressed": String(!tasks) });
    button.addEventListener("click", () => {
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
      show((model) => !tasks || tasks.includes(model.task));
    });
    return button;
  });
  return buttons;
}

export function card(model) {
  const name = make("a", { href: `#${model.name}`, textContent: spaced(model.name) });
  return make("li", { class: "card", id: `card-${model.name}` },
    make("span", { class: "task", textContent: taskName(model.task) }),
    make("h2", {}, name),
    make("p", { textContent: model.description }),
    facts(model));
}

/** Of one instance, where it was measured; what took no measuring takes a fraction of that. */
function latency(milliseconds) {
  if (milliseconds === null) return "under 1 ms";
  return milliseconds < 0.1 ? "under 0.1 ms" : `${rounded(milliseconds, 2)} ms`;
}

function size(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
