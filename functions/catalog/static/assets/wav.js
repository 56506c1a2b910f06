/** PCM WAV, written and read, and the silence around what is said. */

const HEADER_BYTES = 44;
const QUIET = 0.04;
const MARGIN_S = 0.08;

/** Samples in [-1, 1] as a mono WAV of 16 bits. */
export function encode(samples, rate) {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + 2 * samples.length));
  const text = (at, value) => { for (let i = 0; i < value.length; i++) view.setUint8(at + i, value.charCodeAt(i)); };
  text(0, "RIFF");
  view.setUint32(4, view.byteLength - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  for (let i = 0; i < samples.length; i++) {
    view.setInt16(HEADER_BYTES + 2 * i, Math.round(32767 * Math.max(-1, Math.min(1, samples[i]))), true);
  }
  return view.buffer;
}

/** The first channel of any recording that the browser can read, at the file's own rate if it is a WAV. */
export async function decode(file) {
  const bytes = await file.arrayBuffer();
  const head = new DataView(bytes);
  const isWav = bytes.byteLength > HEADER_BYTES && head.getUint32(0) === 0x52494646;
  const rate = isWav ? head.getUint32(24, true) : 44100;
  const context = new OfflineAudioContext(1, 1, Math.min(96000, Math.max(8000, rate)));
  try {
    const audio = await context.decodeAudioData(bytes);
    return { data: audio.getChannelData(0), rate: audio.sampleRate };
  } catch {
    throw new Error("The browser cannot read this file as a recording.");
  }
}

/** The samples without the silence before and behind what is said. */
export function trimmed(samples, rate) {
  const loud = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0) * QUIET + 1e-6;
  const margin = Math.round(MARGIN_S * rate);
  const first = samples.findIndex((sample) => Math.abs(sample) > loud);
  const last = samples.findLastIndex((sample) => Math.abs(sample) > loud);
  return first < 0 ? samples : samples.subarray(Math.max(0, first - margin), last + margin);
}
