// The few steps every part of the page takes with its elements.

export const byId = (id) => document.getElementById(id);

/** An element with properties, attributes (names with a dash) and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** Set a text only where it changed, so that screen readers hear changes alone. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function count(number, noun) {
  return `${number.toLocaleString("en")} ${number === 1 ? noun : `${noun}s`}`;
}

export function megabytes(bytes) {
  const size = bytes / 1024 / 1024;
  if (size < 0.1) return `${Math.max(1, Math.round(bytes / 1024))} KB`;
  return `${size.toFixed(size < 10 ? 1 : 0)} MB`;
}
