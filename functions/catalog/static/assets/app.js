/** The playground: cards of the models, and one model at a time to try, as the address says. */

import { card, filters } from "./cards.js";
import { make } from "./dom.js";
import { readKey, writeKey } from "./key.js";

const THEMES = ["system", "light", "dark"];
const byId = (id) => document.getElementById(id);
const fleet = byId("fleet");
const place = byId("model");
let opened = "";

async function start() {
  useTheme(localStorage.getItem("flotilla-theme") ?? "system");
  byId("theme").addEventListener("click", nextTheme);
  useKey();
  const reply = await fetch("catalog.json");
  if (!reply.ok) throw new Error(`catalog.json: ${reply.status}`);
  const { models } = await reply.json();
  const cards = new Map(models.map((model) => [model, card(model)]));
  byId("cards").append(...cards.values());
  byId("filters").append(...filters(models, (wanted) => {
    for (const [model, element] of cards) element.hidden = !wanted(model);
  }));
  addEventListener("hashchange", () => { useKey(); route(models); });
  await route(models);
}

/** Show the model that the address names after #, or else all of them. */
async function route(models) {
  const name = decodeURIComponent(location.hash.slice(1));
  if (name === "main") return; // the link that skips the header
  const model = models.find((each) => each.name === name);
  const before = opened;
  opened = model ? name : "";
  fleet.hidden = Boolean(model);
  place.hidden = !model;
  document.title = model ? `${model.name} · Flotilla` : "Flotilla";
  if (!model) {
    place.replaceChildren();
    if (before) byId(`card-${before}`)?.querySelector("a").focus();
    return;
  }
  const { open } = await import("./model.js");
  const shown = await open(model, () => byId("key").value);
  if (opened !== name) return; // somebody has gone on meanwhile
  place.replaceChildren(...shown);
  place.querySelector("h1").focus();
  scrollTo(0, 0);
}

function useKey() {
  const field = byId("key");
  field.value = readKey();
  field.oninput = () => writeKey(field.value.trim());
  byId("key-form").onsubmit = (event) => event.preventDefault();
  byId("show-key").onclick = ({ target }) => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    target.textContent = shown ? "Hide" : "Show";
    target.setAttribute("aria-pressed", String(shown));
  };
}

function nextTheme() {
  const current = document.documentElement.dataset.theme ?? "system";
  const theme = THEMES[(THEMES.indexOf(current) + 1) % THEMES.length];
  localStorage.setItem("flotilla-theme", theme);
  useTheme(theme);
}

function useTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId("theme").textContent = `Theme: ${theme}`;
}

start().catch((error) => {
  byId("cards").replaceWith(make("p", { class: "failed", role: "alert", textContent: `The models cannot be listed: ${error.message}` }));
});
