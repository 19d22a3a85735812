// The variables typed or pasted: rows of a name and a description.

import { byId, make } from "./dom.js";

let rows = 0;

export class VariableRows {
  #list = byId("variables");
  #changed;

  constructor(changed) {
    this.#changed = changed;
    byId("add-variable").addEventListener("click", () => this.add().querySelector("input").focus());
    this.#list.addEventListener("input", () => this.#changed());
    this.#list.addEventListener("paste", (event) => this.#paste(event));
    this.add();
  }

  /** The rows that hold anything, as the request names them. */
  get filled() {
    return this.#rows().map(values).filter((row) => row.name || row.description);
  }

  /** Fields of the n-th filled row, to show what is wrong with it. */
  field(index, name) {
    const row = this.#rows().filter((each) => values(each).name || values(each).description)[index];
    return row && { input: row.querySelector(name === "description" ? "textarea" : "input"), error: row.querySelector(".error") };
  }

  get first() {
    return this.#list.querySelector("input");
  }

  add(name = "", description = "") {
    const number = ++rows;
    const row = make(
      "li",
      {},
      make("input", { type: "text", value: name, maxLength: 254, placeholder: number === 1 ? "SDG 7" : "", "aria-label": "Name of the variable", "aria-describedby": `variable-${number}` }),
      make("textarea", { rows: 1, value: description, maxLength: 4000, placeholder: number === 1 ? "Affordable, reliable and clean energy for all" : "", "aria-label": "Description of the variable", "aria-describedby": `variable-${number}` }),
      this.#removal(),
      make("p", { className: "error", id: `variable-${number}` }),
    );
    this.#list.append(row);
    return row;
  }

  replace(variables) {
    this.#list.replaceChildren();
    for (const { name, description } of variables) this.add(name, description);
    if (!this.#list.children.length) this.add();
  }

  #rows() {
    return [...this.#list.children];
  }

  #removal() {
    const button = make("button", { type: "button", className: "remove", textContent: "×", "aria-label": "Remove this variable" });
    button.addEventListener("click", () => {
      const row = button.closest("li");
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      (next ?? this.add()).querySelector("input").focus();
      this.#changed();
    });
    return button;
  }

  /** Cells copied from a spreadsheet fill rows from the one they are pasted into. */
  #paste(event) {
    const cells = table(event.clipboardData?.getData("text/plain") ?? "");
    const row = event.target.closest("li");
    const isTable = cells.some((line) => line.length > 1);
    if (!row || !isTable) return;
    event.preventDefault();
    const pasted = cells.filter((line) => line.some(Boolean));
    if (/^(variable[_ ])?name$/i.test(pasted[0]?.[0] ?? "")) pasted.shift();
    const { name, description } = values(row);
    const after = this.#rows().slice(this.#rows().indexOf(row) + 1).map(values);
    const before = this.#rows().slice(0, this.#rows().indexOf(row)).map(values);
    const own = name || description ? [{ name, description }] : [];
    const added = pasted.map(([first = "", second = ""]) => ({ name: first, description: second }));
    this.replace([...before, ...own, ...added, ...after.filter((each) => each.name || each.description)]);
    this.#changed();
  }
}

function values(row) {
  return { name: row.querySelector("input").value.trim(), description: row.querySelector("textarea").value.trim() };
}

/** Tab-separated text as spreadsheets copy it: quotes around cells with tabs, quotes or new lines. */
export function table(text) {
  const lines = [[""]];
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const line = lines.at(-1);
    const char = text[at];
    if (quoted && char === '"' && text[at + 1] === '"') {
      line[line.length - 1] += '"';
      at += 1;
    } else if (char === '"' && (quoted || line.at(-1) === "")) quoted = !quoted;
    else if (!quoted && char === "\t") line.push("");
    else if (!quoted && (char === "\n" || char === "\r")) {
      if (char === "\r" && text[at + 1] === "\n") at += 1;
      lines.push([""]);
    } else line[line.length - 1] += char;
  }
  return lines.map((line) => line.map((cell) => cell.trim()));
}
