/** Series: an example's past, how far to look, and the forecast as a chart with its band. */

import { chart } from "./chart.js";
import { make, rounded, spaced } from "./dom.js";

const SHOWN_PAST = 96;

export function states(example) {
  const several = example.body.instances.length > 1;
  const examples = example.body.instances.map((instance, index) => ({
    title: spaced(example.name) + (several ? `, ${index + 1}` : ""),
    state: instance,
  }));
  return examples.filter(({ state }) => state.horizon !== 1);
}

export function widget(model, changed) {
  const { series, horizon: most } = model.details;
  const steps = make("input", { type: "range", id: "steps", min: 1, max: most });
  const stepsSaid = make("output", { htmlFor: "steps" });
  const editor = make("textarea", { class: "code", id: "instance", rows: 12, spellcheck: false });
  const wrong = make("p", { class: "small soft", role: "status" });
  let instance = {};
  let picked = series.at(-1).name;

  function write() {
    stepsSaid.textContent = `${steps.value} h`;
    instance.horizon = Number(steps.value);
    editor.value = JSON.stringify(instance, null, 1).replace(/\[\s+([-\d.,\s]*?)\s+\]/g, (_, numbers) => `[${numbers.replace(/\s+/g, " ")}]`);
    changed();
  }

  steps.addEventListener("input", write);
  editor.addEventListener("change", () => {
    try {
      instance = JSON.parse(editor.value);
      steps.value = instance.horizon ?? most;
      stepsSaid.textContent = `${steps.value} h`;
      wrong.textContent = "";
      changed();
    } catch (error) {
      wrong.textContent = `This is no JSON: ${error.message}`;
    }
  });

  function answer([prediction], request) {
    const asked = JSON.parse(request.body).instances[0];
    const place = make("div", {});
    const choice = make("select", { id: "series" }, ...series.map(({ name, description, unit }) =>
      make("option", { value: name, textContent: `${name}: ${description}${unit ? `, ${unit}` : ""}`, selected: name === picked })));
    const show = () => {
      picked = choice.value;
      const unit = series.find((each) => each.name === picked).unit;
      place.replaceChildren(...drawn(asked.context[picked].slice(-SHOWN_PAST), prediction, picked, unit));
    };
    choice.addEventListener("change", show);
    show();
    const field = series.length > 1 ? [make("label", { htmlFor: "series", textContent: "Series" }), choice] : [];
    return make("div", {}, ...field, place);
  }

  return {
    element: make("div", {},
      make("label", { htmlFor: "steps", textContent: "Hours ahead: " }), stepsSaid, steps,
      make("details", {}, make("summary", { textContent: "The past, in JSON, to be changed" }),
        make("label", { class: "unseen", htmlFor: "instance", textContent: "The instance in JSON" }), editor, wrong)),
    show: (state) => { instance = structuredClone(state); steps.value = state.horizon ?? most; write(); },
    request: () => ({ mediaType: "application/json", body: JSON.stringify({ instances: [instance] }) }),
    answer,
  };
}

function drawn(past, prediction, name, unit) {
  const mean = prediction.mean[name];
  const quantiles = Object.entries(prediction.quantiles[name]).sort(([a], [b]) => a - b);
  const [[low, lower], [high, upper]] = [quantiles[0], quantiles.at(-1)];
  const share = Math.round(100 * (high - low));
  const last = mean.length - 1;
  const summary = `${spaced(name)} after ${mean.length} h: ${rounded(mean[last])} ${unit}, with ${share} % likelihood between ${rounded(lower[last])} and ${rounded(upper[last])}`;
  return [
    make("p", { class: "verdict" }, rounded(mean[last]), " ", make("small", { textContent: `${unit} after ${mean.length} h` })),
    chart({ past, mean, lower, upper, unit, label: summary }),
    make("p", { class: "small soft", textContent: `Grey is what was, the line is the forecast; the band holds ${share} % of what may come: after ${mean.length} h ${rounded(lower[last])} to ${rounded(upper[last])}.` }),
    make("details", {}, make("summary", { textContent: "The forecast as a table" }), table(mean, lower, upper, low, high)),
  ];
}

function table(mean, lower, upper, low, high) {
  const row = (kind, ...cells) => make("tr", {}, ...cells.map((cell) => make(kind, { textContent: cell, ...(kind === "th" ? { scope: "col" } : {}) })));
  const rows = mean.map((value, at) => row("td", at + 1, rounded(value), rounded(lower[at]), rounded(upper[at])));
  return make("div", { class: "tablebox", tabIndex: 0 }, make("table", {},
    make("thead", {}, row("th", "hour", "mean", `${100 * low} %`, `${100 * high} %`)), make("tbody", {}, ...rows)));
}
