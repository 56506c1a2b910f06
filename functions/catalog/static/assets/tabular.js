/** Table rows: a field for each feature, within what the training data held. */

import { make, spaced } from "./dom.js";

/** The rows of an example, each to be shown on its own. */
export function states(example, model) {
  const names = model.details.features.map((feature) => feature.name);
  const rows = typeof example.body === "string" ? fromCsv(example.body, names) : example.body.instances;
  return rows.map((row) => {
    const cell = (name, at) => [name, Array.isArray(row) ? row[at] : row[name]];
    return { state: Object.fromEntries(names.map(cell)) };
  });
}

export function widget(model, changed) {
  const fields = new Map();
  const element = make("div", { class: "fields" });
  for (const { name, unit, description, minimum, maximum } of model.details.features) {
    const input = make("input", { type: "number", step: "any", required: true, id: `feature-${name}`, name });
    const range = minimum === undefined ? "" : `${minimum} to ${maximum}`;
    const hint = make("span", { class: "small soft", id: `hint-${name}`, textContent: range });
    input.setAttribute("aria-describedby", hint.id);
    input.title = description ?? "";
    input.addEventListener("input", changed);
    fields.set(name, input);
    const label = make("label", { htmlFor: input.id }, spaced(name), unit ? make("span", { class: "unit", textContent: ` ${unit}` }) : "");
    element.append(make("div", {}, label, input, hint));
  }
  const values = () => Object.fromEntries([...fields].map(([name, input]) => [name, input.valueAsNumber]));
  return {
    element: fields.size > 12 ? make("div", { class: "scroll" }, element) : element,
    values,
    show: (state) => { for (const [name, input] of fields) input.value = state[name]; },
    request: () => ({ mediaType: "application/json", body: JSON.stringify({ instances: [values()] }) }),
  };
}

/** Rows of a CSV without quotes; a first line of names is its header. */
function fromCsv(text, names) {
  const lines = text.trim().split("\n").map((line) => line.split(","));
  const header = lines[0].every((cell) => Number.isNaN(Number(cell))) ? lines.shift() : names;
  return lines.map((cells) => Object.fromEntries(header.map((name, at) => [name.trim(), Number(cells[at])])));
}
