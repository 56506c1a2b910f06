import { readKey as keep } from "./key.js";

const here = new URL(location.pathname.replace(/\/?$/, "/"), location.origin);
const keyField = document.getElementById("key");

/** An element with properties and children. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function readKey() {
  keyField.value = keep();
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** JSON with a line for each row of numbers, not for each number. */
function pretty(value) {
  const rows = (_, numbers) => "[" + numbers.trim().replace(/\s*\n\s*/g, " ") + "]";
  return JSON.stringify(value, null, 2).replace(/\[\n([-+.,eE\d\s]*?)\n\s*\]/g, rows);
}

/** For a shell: in single quotes. */
function quoted(text) {
  return "'" + text.replaceAll("'", "'\\''") + "'";
}

/** A text field for what is text. */
function textEditor(example) {
  const text = typeof example.body === "string" ? example.body : pretty(example.body);
  const field = make("textarea", { value: text, rows: Math.min(14, text.split("\n").length + 1), spellcheck: false });
  return { element: field, mediaType: () => example.media_type, body: () => field.value, forCurl: () => "--data-raw " + quoted(field.value) };
}

/** A file chooser for what is not, showing images. */
function fileEditor(example) {
  let chosen = new Blob([bytesOf(example.body_base64)], { type: example.media_type });
  const image = make("img", { className: "sample", alt: "the image that will be sent" });
  const field = make("input", { type: "file", accept: "image/png,image/jpeg" });
  const show = () => { image.src = URL.createObjectURL(chosen); };
  field.addEventListener("change", () => { if (field.files[0]) { chosen = field.files[0]; show(); } });
  show();
  return { element: make("div", {}, image, field), mediaType: () => chosen.type, body: () => chosen, forCurl: () => "--data-binary @" + (chosen.name ? quoted(chosen.name) : "image.png") };
}

function card(model) {
  const example = model.example;
  const path = example.operation === "infer" ? `v2/models/${model.name}/infer` : `v1/models/${model.name}/predict`;
  const editor = "body_base64" in example ? fileEditor(example) : textEditor(example);
  const field = editor.element.matches("textarea") ? editor.element : editor.element.querySelector("input");
  field.id = `request-${model.name}`;
  const ask = make("button", { type: "button", textContent: "Ask" });
  const took = make("span", { className: "took" });
  const answer = make("pre", { hidden: true });
  answer.setAttribute("aria-live", "polite");
  const curl = make("pre");
  const showCurl = () => {
    const key = keyField.value ? ` -H ${quoted("x-api-key: " + keyField.value)}` : "";
    curl.textContent = `curl ${new URL(path, here)}${key} -H ${quoted("content-type: " + editor.mediaType())} ${editor.forCurl()}`;
  };
  for (const element of [editor.element, keyField]) element.addEventListener("input", showCurl);
  addEventListener("hashchange", showCurl);
  editor.element.addEventListener("change", showCurl);
  showCurl();

  ask.addEventListener("click", async () => {
    ask.disabled = true;
    const started = performance.now();
    let status, text;
    try {
      const headers = { "content-type": editor.mediaType(), "x-api-key": keyField.value };
      const response = await fetch(new URL(path, here), { method: "POST", headers, body: editor.body() });
      status = response.status;
      text = await response.text();
      try { text = pretty(JSON.parse(text)); } catch { /* shown as it came */ }
    } catch (error) {
      status = "no answer";
      text = String(error);
    }
    took.textContent = `${status} · ${Math.round(performance.now() - started)} ms`;
    answer.textContent = text;
    answer.className = status === 200 ? "" : "failed";
    answer.hidden = false;
    ask.disabled = false;
  });

  const metrics = Object.entries(model.metrics).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`).join(" · ");
  return make("section", { className: "model" },
    make("h2", { textContent: model.name }),
    make("p", { className: "facts", textContent: `${model.task.replaceAll("_", " ")} · version ${model.version}` }),
    make("p", { textContent: model.description }),
    make("p", { className: "metrics", textContent: metrics }),
    make("label", { htmlFor: field.id, textContent: `POST ${path}` }),
    editor.element, ask, took, answer,
    make("details", {}, make("summary", { textContent: "As a command" }), curl));
}

readKey();
addEventListener("hashchange", readKey);
const { models } = await (await fetch("catalog.json")).json();
for (const model of models) {
  [model.example] = await (await fetch(`examples/${model.name}.json`)).json();
  if (model.example) document.getElementById("models").append(card({ ...model, example: { operation: "predict", ...model.example } }));
}
