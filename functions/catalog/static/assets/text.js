/** A text to write or to paste. */

import { make } from "./dom.js";

export function states(example) {
  const texts = typeof example.body === "string" ? [example.body] : example.body.instances.map((each) => each.text ?? each);
  return texts.map((text) => ({ title: text.trim().slice(0, 60), state: text }));
}

export function widget(model, changed) {
  const most = model.limits.text_characters;
  const field = make("textarea", { id: "text", rows: 9, maxLength: most });
  const count = make("p", { class: "small soft" });
  const counted = () => { count.textContent = `${field.value.length} of at most ${most} characters`; };
  field.addEventListener("input", () => { counted(); changed(); });
  return {
    element: make("div", {}, make("label", { htmlFor: "text", textContent: "Text" }), field, count),
    text: () => field.value,
    show: (state) => { field.value = state; counted(); },
    request: () => ({ mediaType: "text/plain", body: field.value }),
  };
}
