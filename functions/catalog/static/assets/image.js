/** A picture to choose, to drop or, where the classes are digits, to draw. */

import { make } from "./dom.js";
import { blobOf, chooser } from "./files.js";
import { pad } from "./pad.js";
import { tint } from "./overlay.js";

export function states(example) {
  const files = example.body_base64
    ? [[example.body_base64, example.media_type]]
    : example.body.instances.map((each) => [each.image, "image/png"]);
  return files.map(([base64, mediaType]) => ({
    state: { base64, mediaType },
    picture: `data:${mediaType};base64,${base64}`,
  }));
}

export function widget(model, changed) {
  let chosen = new Blob([]);
  const picture = make("img", { alt: "The picture that is asked about" });
  const drawn = model.details.labels.every((label) => /^\d$/.test(label)) ? pad(use) : null;
  const element = make("div", {},
    chooser("A PNG or JPEG: choose it, or drop it here", "image/png,image/jpeg", use, make("div", { class: "picture" }, picture)),
    ...(drawn ? [drawn.element] : []));

  function use(blob) {
    chosen = blob;
    URL.revokeObjectURL(picture.src);
    picture.src = URL.createObjectURL(blob);
    changed();
  }

  return {
    element,
    show: ({ base64, mediaType }) => { drawn?.clear(); use(blobOf(base64, mediaType)); },
    request: () => ({ mediaType: chosen.type, body: chosen, fileName: chosen.name ?? `picture.${chosen.type.split("/")[1]}` }),
    overlay: (cells) => tint(chosen, cells),
  };
}
