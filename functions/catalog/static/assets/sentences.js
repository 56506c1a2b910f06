/** Sentences to compare: the cosine of their vectors says how alike they are. */

import { make } from "./dom.js";
import { bars } from "./result.js";

const FEWEST = 2;
const MOST = 6;

export function states(example) {
  const texts = typeof example.body === "string" ? [example.body] : example.body.instances.map((each) => each.text ?? each);
  if (texts.length < FEWEST) return [];
  return [
    { title: texts.join(" / "), state: texts },
    { title: "Three ways to say it", state: ["The cat sleeps on the sofa.", "A kitten naps on the couch.", "Shares fell sharply on Monday."] },
    { title: "A question and answers", state: ["How do I reset my password?", "Click on “Forgot password” to choose a new one.", "Our office is open from nine to five.", "The invoice is due in thirty days."] },
  ];
}

export function widget(model, changed) {
  const list = make("div", {});
  const more = make("button", { type: "button", class: "quiet", textContent: "Add a sentence" });
  const fields = () => [...list.querySelectorAll("input")];

  function add(text) {
    const field = make("input", { value: text, maxLength: model.limits.text_characters });
    const remove = make("button", { type: "button", class: "quiet", textContent: "Remove" });
    field.addEventListener("input", changed);
    remove.addEventListener("click", () => { row.remove(); number(); changed(); });
    const row = make("div", { class: "sentence" }, field, remove);
    list.append(row);
    number();
    return field;
  }

  function number() {
    const rows = [...list.children];
    for (const [index, row] of rows.entries()) {
      row.firstElementChild.setAttribute("aria-label", `Sentence ${index + 1}`);
      row.lastElementChild.setAttribute("aria-label", `Remove sentence ${index + 1}`);
      row.lastElementChild.disabled = rows.length <= FEWEST;
    }
    more.disabled = rows.length >= MOST;
  }

  more.addEventListener("click", () => { add("").focus(); changed(); });
  return {
    element: make("div", {}, make("p", { class: "soft", textContent: "The first sentence is compared with each of the others." }), list, more),
    show: (state) => { list.replaceChildren(); for (const text of state) add(text); },
    request: () => ({ mediaType: "application/json", body: JSON.stringify({ instances: fields().map((field) => field.value) }) }),
    answer: (predictions) => similarities(predictions, fields().map((field) => field.value)),
  };
}

function similarities(predictions, texts) {
  const [first, ...others] = predictions.map((prediction) => prediction.embedding);
  const alike = others.map((vector, index) => [texts[index + 1], cosine(first, vector)]);
  const [best] = [...alike].sort(([, a], [, b]) => b - a);
  return make("div", {},
    make("p", { class: "verdict" }, best[1].toFixed(3), " ", make("small", { textContent: alike.length > 1 ? "is the closest cosine" : "is their cosine" })),
    make("p", { class: "soft", textContent: `“${texts[0]}” beside:` }),
    bars(alike.map(([text, value]) => [text, 0, Math.max(0, value), value.toFixed(3)])),
    make("p", { class: "small soft", textContent: `Each sentence is a vector of ${first.length} numbers: 1 means the same, 0 nothing in common.` }));
}

function cosine(a, b) {
  const dot = (x, y) => x.reduce((sum, value, index) => sum + value * y[index], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
