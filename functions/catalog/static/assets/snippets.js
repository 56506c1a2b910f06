/** The request of the moment as a command, in Python and in JavaScript. */

import { address } from "./api.js";
import { make } from "./dom.js";

// A longer body goes into a file.
const LONGEST = 1200;
const WRITERS = { curl, Python: python, JavaScript: javascript };

/** The element, and `show(path, request)` that fills it. */
export function snippets(model) {
  const code = make("pre", { id: "code", role: "tabpanel", tabIndex: 0 });
  const save = make("a", { class: "small", textContent: "Save the request’s file", hidden: true });
  const copy = make("button", { type: "button", class: "quiet", textContent: "Copy" });
  const said = make("span", { class: "unseen", role: "status" });
  const list = make("div", { role: "tablist", class: "tabs", "aria-label": "Language" });
  let language = "curl";
  let latest = null;

  const tabs = Object.keys(WRITERS).map((name) => {
    const tab = make("button", { type: "button", role: "tab", id: `tab-${name}`, textContent: name, "aria-controls": "code" });
    tab.addEventListener("click", () => choose(name));
    return tab;
  });
  list.append(...tabs);
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.findIndex((tab) => tab.textContent === language) + step + tabs.length) % tabs.length];
    choose(next.textContent);
    next.focus();
  });

  function choose(name) {
    language = name;
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab.textContent === name));
      tab.tabIndex = tab.textContent === name ? 0 : -1;
    }
    code.setAttribute("aria-labelledby", `tab-${name}`);
    if (latest) code.textContent = WRITERS[language](latest);
  }

  function show(path, request) {
    const inFile = request.body instanceof Blob || request.body.length > LONGEST;
    const name = request.fileName ?? `${model.name}.json`;
    latest = { url: address(path), headers: headersOf(request), mediaType: request.mediaType, body: request.body, file: inFile ? name : "" };
    URL.revokeObjectURL(save.href);
    save.hidden = !inFile;
    if (inFile) {
      save.href = URL.createObjectURL(new Blob([request.body], { type: request.mediaType }));
      save.download = name;
    }
    choose(language);
  }

  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.textContent);
    said.textContent = "Copied";
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy"; said.textContent = ""; }, 1500);
  });
  const element = make("div", {},
    make("div", { class: "tabs" }, list, copy), said, code,
    make("p", { class: "small soft" }, "KEY is an API key. ", save));
  choose(language);
  return { element, show };
}

/** The headers beside the key. */
function headersOf({ mediaType, variant }) {
  return { "content-type": mediaType, ...(variant ? { "x-variant": variant } : {}) };
}

function curl({ url, headers, body, file }) {
  const data = file ? `--data-binary @${file}` : `--data-raw ${quoted(body)}`;
  const others = Object.entries(headers).map(([name, value]) => `-H "${name}: ${value}"`);
  return [`curl ${url}`, `-H "x-api-key: $KEY"`, ...others, data].join(" \\\n  ");
}

function python({ url, headers, mediaType, body, file }) {
  const others = Object.entries(headers).map(([name, value]) => `, "${name}": "${value}"`).join("");
  const data = file ? `open(${JSON.stringify(file)}, "rb")` : literal(mediaType, body);
  const option = !file && mediaType === "application/json" ? "json" : "data";
  return `import os
import requests

answer = requests.post(
    "${url}",
    headers={"x-api-key": os.environ["KEY"]${others}},
    ${option}=${data},
)
answer.raise_for_status()
print(answer.json()["predictions"])
`;
}

function javascript({ url, headers, mediaType, body, file }) {
  const others = Object.entries(headers).map(([name, value]) => `, "${name}": "${value}"`).join("");
  const data = file ? `await openAsBlob(${JSON.stringify(file)})` : mediaType === "application/json" ? `JSON.stringify(${body})` : JSON.stringify(body);
  const first = file ? `import { openAsBlob } from "node:fs";\n\n` : "";
  return `${first}const response = await fetch("${url}", {
  method: "POST",
  headers: { "x-api-key": process.env.KEY${others} },
  body: ${data},
});
const { predictions } = await response.json();
console.log(predictions);
`;
}

/** A Python literal of a body; JSON of numbers, texts, lists and objects is one already. */
function literal(mediaType, body) {
  return mediaType === "application/json" ? body : `${JSON.stringify(body)}.encode()`;
}

/** For a shell: in single quotes. */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
