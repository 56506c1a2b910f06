/** A wave form on a canvas, with its moments in the colour of what they add to a score. */

const HEIGHT = 96;

export function wave(canvas, { data, rate }, segments = []) {
  const width = Math.max(300, canvas.clientWidth);
  const density = devicePixelRatio || 1;
  Object.assign(canvas, { width: width * density, height: HEIGHT * density });
  const context = canvas.getContext("2d");
  context.scale(density, density);
  const duration = data.length / rate;
  shade(context, canvas, segments, duration, width);
  context.fillStyle = getComputedStyle(canvas).color;
  const peak = data.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-6);
  const step = data.length / width;
  for (let x = 0; x < width; x++) {
    let least = 0;
    let most = 0;
    for (let i = Math.floor(x * step); i < Math.floor((x + 1) * step); i++) {
      least = Math.min(least, data[i]);
      most = Math.max(most, data[i]);
    }
    const top = (1 - most / peak) * HEIGHT / 2;
    const bottom = (1 - least / peak) * HEIGHT / 2;
    context.fillRect(x, top, 1, Math.max(1, bottom - top));
  }
}

function shade(context, canvas, segments, duration, width) {
  const most = Math.max(...segments.map((segment) => Math.abs(segment.value)), 1e-12);
  for (const { start_s: start, end_s: end, value } of segments) {
    context.globalAlpha = (0.7 * Math.abs(value)) / most;
    context.fillStyle = colour(canvas, value < 0 ? "against" : "for");
    context.fillRect((start / duration) * width, 0, ((end - start) / duration) * width, HEIGHT);
  }
  context.globalAlpha = 1;
}

function colour(canvas, name) {
  const probe = document.createElement("span");
  probe.className = `key-${name}`;
  canvas.parentElement.append(probe);
  const found = getComputedStyle(probe, "::before").backgroundColor;
  probe.remove();
  return found;
}
