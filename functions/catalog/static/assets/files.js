/** Files that readers bring: chosen, dropped, or out of an example. */

import { make } from "./dom.js";

/** The bytes of an example, with their media type. */
export function blobOf(base64, mediaType) {
  return new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type: mediaType });
}

/** A field to choose a file with, on which one may be dropped as well. */
export function chooser(label, accept, take, ...children) {
  const field = make("input", { type: "file", accept, id: "file" });
  const zone = make("div", { class: "drop" }, ...children, make("label", { htmlFor: "file", textContent: label }), field);
  field.addEventListener("change", () => { if (field.files[0]) take(field.files[0]); });
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
  return zone;
}
