// What is wrong with a request, said beside the field and summed up at the top.

import { byId, count, make } from "./dom.js";

export class Problems {
  #variables;

  constructor(variables) {
    this.#variables = variables;
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
    const input = { email: "email", query: "query", files: "files" }[field];
    return { box, input: input && byId(input) };
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
