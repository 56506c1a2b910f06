/** Elements, and nothing else that a page needs. */

/** An element with properties and children; `class` and names with a dash are attributes. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class" || name === "role" || name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** An SVG element with attributes and children. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** `mean_radius` as people write it. */
export function spaced(name) {
  return name.replaceAll("_", " ");
}

/** A number with as many digits as anybody reads. */
export function rounded(value, digits = 4) {
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1);
  return String(Number(value.toPrecision(digits)));
}

/** A share of 1 as a percentage. */
export function percent(value) {
  return `${(100 * value).toFixed(1)} %`;
}

/** What a million answers at this price cost; half a cent is rounded up, as binary fractions hide it. */
export function perMillion(usd) {
  return `$${(Math.round(Number((1e8 * usd).toPrecision(9))) / 100).toFixed(2)}`;
}
