// What is wrong with a request, said beside the field and summed up at the top.

import { byId, count, make } from "./dom.js";

export class Problems {
  #variables;

  constructor(variables) {
    this.#variables = variables;
    // A fault is no longer said beside a field that is being put right.
    for (const kind of ["input", "change", "click", "drop"]) {
      byId("form").addEventListener(kind, ({ target }) => forget(target));
    }
  }

  clear() {
    byId("summary").hidden = true;
    for (const error of document.querySelectorAll("form .error")) error.textContent = "";
    for (const input of document.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  }

  /** Show a problem+json answer, or faults found here in the same shape. */
  show({ title, errors = [], job }) {
    this.clear();
    const places = errors.map((error) => ({ ...error, ...this.#place(error.field) }));
    for (const { input, box, message } of places) {
      input?.setAttribute("aria-invalid", "true");
      if (box) box.textContent += `${box.textContent ? "\n" : ""}${message}`;
    }
    const summary = byId("summary");
    summary.replaceChildren(make("h2", { textContent: errors.length > 1 ? `${count(errors.length, "thing")} to put right` : title || "Something is to be put right" }));
    if (errors.length) summary.append(make("ul", {}, ...places.map(item)));
    if (job) summary.append(make("p", {}, make("a", { href: new URL(job).pathname, textContent: "Go to the running job" })));
    summary.hidden = false;
    summary.scrollIntoView({ block: "center" });
    summary.focus({ preventScroll: true });
  }

  #place(field) {
    const row = /^variables\[(\d+)\](?:\.(\w+))?/.exec(field);
    const found = row && this.#variables.field(Number(row[1]), row[2]);
    if (found) return { input: found.input, box: found.error };
    const box = document.querySelector(`[data-error="${CSS.escape(field.split(/[.[]/)[0])}"]`);
    const input = byId({ email: "email", query: "query", files: "files", variables_file: "variables-file" }[field] ?? "");
    return { box, input: input ?? (field.startsWith("variables") ? this.#variables.first : null) };
  }
}

function item({ message, input }) {
  if (!input) return make("li", { textContent: message });
  const link = make("a", { href: `#${input.id}`, textContent: message });
  link.addEventListener("click", (event) => {
    event.preventDefault();
    input.focus();
  });
  return make("li", {}, link);
}

/** Take back what is said beside a field, once the user turns to it. */
function forget(target) {
  const place = target.closest(".field, .variables li, .card");
  if (!place || target.matches("summary, h2, p") || target === place) return;
  for (const error of place.querySelectorAll(".error")) error.textContent = "";
  for (const input of place.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}
