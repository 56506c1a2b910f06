/** A recording to choose, to drop, or to make with the microphone. */

import { make, spaced } from "./dom.js";
import { blobOf, chooser } from "./files.js";
import { record } from "./recorder.js";
import { decode, encode, trimmed } from "./wav.js";
import { wave } from "./wave.js";

const LONGEST_S = 5;

export function states(example) {
  const files = example.body_base64 ? [example.body_base64] : example.body.instances.map((each) => each.audio);
  if (files.length > 1) return [];
  return files.map((base64) => ({ title: spaced(example.name), state: base64 }));
}

export function widget(model, changed) {
  let chosen = new Blob([]);
  let samples = { data: new Float32Array(0), rate: 1 };
  let stop = null;
  const player = make("audio", { controls: true, "aria-label": "The recording that is asked about" });
  const canvas = make("canvas", { class: "wave", role: "img", "aria-label": "The wave form of the recording" });
  const said = make("p", { class: "small soft", role: "status" });
  const button = make("button", { type: "button", class: "quiet", textContent: "Record with the microphone" });

  async function use(file) {
    chosen = file;
    URL.revokeObjectURL(player.src);
    player.src = URL.createObjectURL(file);
    try {
      samples = await decode(file);
      said.textContent = `${(samples.data.length / samples.rate).toFixed(2)} s at ${samples.rate} Hz`;
    } catch (error) {
      samples = { data: new Float32Array(0), rate: 1 };
      said.textContent = error.message;
    }
    wave(canvas, samples);
    changed();
  }

  async function start() {
    stop = await record(LONGEST_S, (data, rate) => {
      stop = null;
      button.textContent = "Record with the microphone";
      button.classList.remove("recording");
      button.dispatchEvent(new Event("input", { bubbles: true }));
      use(new File([encode(trimmed(data, rate), rate)], "recording.wav", { type: "audio/wav" }));
    });
    button.textContent = "Stop";
    button.classList.add("recording");
    said.textContent = `Say it now; it stops after ${LONGEST_S} s by itself.`;
  }

  button.addEventListener("click", () => {
    if (stop) stop();
    else start().catch((error) => { said.textContent = `The microphone cannot be used: ${error.message}`; });
  });
  return {
    element: chooser("A WAV file: choose it, or drop it here", "audio/wav,.wav", use, canvas, player, said, button),
    show: (base64) => use(blobOf(base64, "audio/wav")),
    request: () => ({ mediaType: "audio/wav", body: chosen, fileName: chosen.name ?? "recording.wav" }),
    segments: (found) => {
      const coloured = make("canvas", { class: "wave", role: "img", "aria-label": "The wave form, with the moments that matter coloured" });
      requestAnimationFrame(() => wave(coloured, samples, found));
      return make("div", {}, coloured, make("p", { class: "small", textContent: strongest(found) }));
    },
  };
}

function strongest(segments) {
  const best = segments.reduce((a, b) => (b.value > a.value ? b : a));
  return `What speaks for it most is between ${best.start_s.toFixed(2)} and ${best.end_s.toFixed(2)} s.`;
}
