// What is wrong with a request, said beside the field and summed up at the top.

import { byId, count, make } from "./dom.js";

const EDITS = ["input", "change", "paste", "drop", "click"];

/** A fault between rows, as a name that is there twice: any of them may be the one put right. */
const IS_OF_ROWS = /^variables\[\d+\]$/;

export class Problems {
  #variables;
  #shown = [];

  constructor(variables) {
    this.#variables = variables;
    for (const kind of EDITS) {
      byId("form").addEventListener(kind, (event) => this.#forget(boxesOf(event)));
    }
  }

  clear() {
    byId("summary").hidden = true;
    this.#shown = [];
    for (const error of document.querySelectorAll("form .error")) error.textContent = "";
    for (const input of document.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  }

  /** Show a problem+json answer, or faults found here in the same shape. */
  show({ title, errors = [], job }) {
    this.clear();
    this.#shown = errors.map((error) => ({ ...error, ...this.#place(error.field) })).map((fault) => ({ ...fault, item: item(fault) }));
    for (const { input, box, message } of this.#shown) {
      input?.setAttribute("aria-invalid", "true");
      if (box) box.textContent += `${box.textContent ? "\n" : ""}${message}`;
    }
    const summary = byId("summary");
    summary.replaceChildren(make("h2", { textContent: errors.length > 1 ? many(errors) : title || "Something is to be put right" }));
    if (errors.length) summary.append(make("ul", {}, ...this.#shown.map((fault) => fault.item)));
    if (job) summary.append(make("p", {}, make("a", { href: new URL(job).pathname, textContent: "Go to the running job" })));
    summary.hidden = false;
    summary.scrollIntoView({ block: "center" });
    summary.focus({ preventScroll: true });
  }

  /** Take back what is said of a field that is being put right, or of a row that is gone. */
  #forget(boxes) {
    const anyRow = boxes.includes(boxNamed("variables"));
    const settled = this.#shown.filter(({ box, field }) => box && (boxes.includes(box) || !box.isConnected || (anyRow && IS_OF_ROWS.test(field))));
    if (!settled.length) return;
    this.#shown = this.#shown.filter((fault) => !settled.includes(fault));
    for (const { input, box, item } of settled) {
      item.remove();
      box.textContent = this.#shown.filter((fault) => fault.box === box).map((fault) => fault.message).join("\n");
      if (!this.#shown.some((fault) => fault.input === input)) input?.removeAttribute("aria-invalid");
    }
    byId("summary").hidden = !this.#shown.length;
    byId("summary").querySelector("h2").textContent = many(this.#shown);
  }

  #place(field) {
    const row = /^variables\[(\d+)\](?:\.(\w+))?/.exec(field);
    const found = row && this.#variables.field(Number(row[1]), row[2]);
    if (found) return { input: found.input, box: found.error };
    const box = boxNamed(field.split(/[.[]/)[0]);
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

function boxNamed(name) {
  return document.querySelector(`[data-error="${CSS.escape(name)}"]`);
}

function many(faults) {
  return `${count(faults.length, "thing")} to put right`;
}

/** The boxes that speak of what an event changes; looking at a field changes nothing. */
function boxesOf(event) {
  const button = event.target.closest("button");
  if (event.type === "click" && (!button || button.type === "submit" || button.id === "add-variable")) return [];
  // What was removed by its button has no parents left, but the event's path knows them.
  const inside = (selector) => event.composedPath().find((each) => each.matches?.(selector));
  const row = inside(".variables li");
  if (row) return [row.querySelector(".error"), boxNamed("variables")];
  if (inside(".table-file")) return [boxNamed("variables_file"), boxNamed("variables")];
  return [...(inside(".field, .card")?.querySelectorAll(".error") ?? [])];
}
