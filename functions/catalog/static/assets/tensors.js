/** Any graph at all: the request is tensors, as the Open Inference Protocol writes them. */

import { make } from "./dom.js";

export function states() {
  return [];
}

export function widget(model) {
  return {
    element: make("p", { class: "soft" }, "This model is asked in tensors: see ",
      make("a", { href: `docs#/${model.name}`, textContent: `POST /v2/models/${model.name}/infer` }), "."),
    show: () => {},
    request: () => ({ mediaType: "application/json", body: "{}" }),
  };
}
