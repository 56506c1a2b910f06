/** One model: its examples, a widget to change the request with, the answer, and the code for it. */

import { ask } from "./api.js";
import { attributions } from "./attributions.js";
import { facts, taskName } from "./cards.js";
import { make, perMillion, spaced } from "./dom.js";
import { answer } from "./result.js";
import { snippets } from "./snippets.js";

// Task -> the module of its widget.
const WIDGETS = {
  tabular_classification: "./tabular.js",
  tabular_regression: "./tabular.js",
  text_classification: "./text.js",
  embedding: "./sentences.js",
  image_classification: "./image.js",
  audio_classification: "./audio.js",
  forecasting: "./forecast.js",
};
const EXPLAINED = ["tabular_classification", "tabular_regression", "text_classification", "image_classification", "audio_classification"];
const MOST_EXAMPLES = 8;

/** What shows a model; `key()` is the API key of the moment. */
export async function open(model, key) {
  const module = await import(WIDGETS[model.task] ?? "./tensors.js");
  const result = make("div", { class: "result", "aria-live": "polite", "aria-atomic": "true" },
    make("p", { class: "empty", textContent: "Nothing asked yet." }));
  const code = snippets(model);
  const widget = module.widget(model, () => refresh());
  const askButton = make("button", { type: "button", textContent: "Ask" });
  const whyButton = make("button", { type: "button", class: "quiet", textContent: "Ask, and why" });
  whyButton.hidden = !EXPLAINED.includes(model.task);
  const path = (operation) => `v1/models/${model.name}/${operation}`;

  const variants = choice(model, () => refresh());
  const request = async () => ({ ...(await widget.request()), variant: variants.value() });

  async function refresh() {
    code.show(path("predict"), await request());
  }

  async function run(operation) {
    for (const button of [askButton, whyButton]) button.disabled = true;
    result.setAttribute("aria-busy", "true");
    try {
      const asked = await request();
      code.show(path(operation), asked);
      const reply = await ask(path(operation), asked, key());
      result.replaceChildren(...shown(reply, asked));
    } finally {
      result.removeAttribute("aria-busy");
      for (const button of [askButton, whyButton]) button.disabled = false;
    }
  }

  function shown(reply, request) {
    if (reply.problem) return [make("p", { class: "failed", textContent: reply.problem })];
    const parts = [answer(model, reply, widget, request)];
    const prediction = reply.document.predictions[0];
    if (prediction.attributions) parts.push(attributions(prediction, widget));
    parts.push(footer(reply));
    return parts;
  }

  askButton.addEventListener("click", () => run("predict"));
  whyButton.addEventListener("click", () => run("explain"));
  const examples = await exampleButtons(model, module, (state, first) => {
    widget.show(state);
    refresh();
    if (!first) run("predict");
  });
  // What a reader changes is no example any more.
  widget.element.addEventListener("input", () => examples.dispatchEvent(new Event("left")));
  return [
    make("a", { class: "back", href: "#", textContent: "← All models" }),
    make("p", { class: "task", textContent: taskName(model.task) }),
    make("h1", { textContent: spaced(model.name), tabIndex: -1 }),
    make("p", { class: "lead", textContent: model.description }),
    facts(model),
    make("div", { class: "split" },
      panel("request", "Your request", examples, widget.element, ...variants.elements,
        make("div", { class: "actions" }, askButton, whyButton)),
      panel("answer", "Its answer", result)),
    panel("code wide", "The same from a program", code.element),
  ];
}

function panel(name, title, ...children) {
  const heading = make("h2", { id: `${name.split(" ")[0]}-title`, textContent: title });
  return make("section", { class: `panel ${name}`, "aria-labelledby": heading.id }, heading, ...children);
}

/** Which of the model's graphs answers, where there is a choice. */
function choice(model, changed) {
  if (model.variants.length < 2) return { elements: [], value: () => "" };
  const field = make("select", { id: "variant" }, ...model.variants.map((name) =>
    make("option", { value: name, textContent: name === model.variant ? `${name}, as a rule` : name, selected: name === model.variant })));
  field.addEventListener("change", changed);
  const label = make("label", { htmlFor: "variant", textContent: "Variant" });
  return { elements: [make("div", { class: "variant" }, label, field)], value: () => (field.value === model.variant ? "" : field.value) };
}

/** A button per example; the first one is shown at once. */
async function exampleButtons(model, module, choose) {
  const list = make("div", { class: "examples", role: "group", "aria-label": "Examples" });
  const reply = await fetch(`examples/${model.name}.json`);
  const examples = reply.ok ? await reply.json() : [];
  const all = examples.flatMap((example) => module.states(example, model));
  const states = different(all).slice(0, MOST_EXAMPLES);
  for (const [index, { title, state, picture }] of states.entries()) {
    const label = picture ? make("img", { src: picture, alt: `Example ${index + 1}` }) : make("span", { textContent: title ?? `Row ${index + 1}` });
    const button = make("button", { type: "button", class: "choice", "aria-pressed": String(index === 0) }, label);
    button.addEventListener("click", () => {
      for (const each of list.children) each.setAttribute("aria-pressed", String(each === button));
      choose(state, false);
    });
    list.append(button);
  }
  if (states.length) choose(states[0].state, true);
  list.addEventListener("left", () => { for (const each of list.children) each.setAttribute("aria-pressed", "false"); });
  return list;
}

/** The examples without those that ask the same in another media type. */
function different(examples) {
  const seen = new Set();
  const isNew = (key) => !seen.has(key) && seen.add(key);
  return examples.filter(({ state }) => isNew(JSON.stringify(state)));
}

function footer(reply) {
  const { usage, id, version, variant } = reply.document;
  const cost = `${perMillion(usage.cost_usd)} for a million of these`;
  const start = usage.cold ? "cold start" : "warm";
  const line = `${Math.round(reply.took)} ms there and back · ${usage.compute_ms.toFixed(1)} ms of computing · ${start} · ${cost}`;
  return make("div", {},
    make("p", { class: "took", textContent: line }),
    make("details", {},
      make("summary", { textContent: "The whole answer, in JSON" }),
      make("p", { class: "small soft", textContent: `Version ${version}, variant ${variant}, id ${id}` }),
      make("pre", { textContent: compact(reply.document), tabIndex: 0 })));
}

/** JSON with a line for each row of numbers, not for each number. */
function compact(value) {
  const rows = (_, numbers) => `[${numbers.trim().replace(/\s*\n\s*/g, " ")}]`;
  return JSON.stringify(value, null, 2).replace(/\[\n([-+.,eE\d\s]*?)\n\s*\]/g, rows);
}
