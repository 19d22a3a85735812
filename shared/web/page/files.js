// The documents chosen: dropped or picked, listed with their sizes, removable.

import { byId, count, make, megabytes, say } from "./dom.js";

const LIMIT = 100 * 1024 * 1024;
const EXTENSIONS = [".pdf", ".zip"];

export class ChosenFiles {
  #files = [];
  #changed;

  constructor(changed) {
    this.#changed = changed;
    const input = byId("files");
    input.addEventListener("change", () => {
      this.add(input.files);
      input.value = "";
    });
    byId("remove-all").addEventListener("click", () => {
      this.#files = [];
      this.#show();
      input.focus();
    });
    this.#acceptDrops();
  }

  get all() {
    return this.#files;
  }

  add(files) {
    for (const file of files) {
      const known = this.#files.some((f) => f.name === file.name && f.size === file.size);
      if (!known) this.#files.push(file);
    }
    this.#show();
  }

  /** What can be known to be wrong before anything is sent. */
  faults() {
    if (!this.#files.length) return ["Choose at least one PDF, or a ZIP of PDFs."];
    const faults = [];
    for (const file of this.#files) {
      if (!file.size) faults.push(`“${file.name}” is empty; remove it.`);
      else if (!isKnown(file)) faults.push(`“${file.name}” is neither a PDF nor a ZIP; remove it.`);
    }
    const size = this.#size();
    if (size > LIMIT) {
      faults.push(`The files have ${megabytes(size)} together; 100 MB are possible. Split them over several jobs.`);
    }
    return faults;
  }

  /** Show which files a refusal names. */
  mark(messages) {
    for (const item of byId("file-list").children) {
      const name = item.querySelector(".name").textContent;
      if (messages.some((message) => message.includes(`“${name}`))) item.className = "wrong";
    }
  }

  #size() {
    return this.#files.reduce((total, file) => total + file.size, 0);
  }

  #acceptDrops() {
    const drop = byId("drop");
    // A file that misses the field must not replace the page.
    for (const kind of ["dragover", "drop"]) {
      window.addEventListener(kind, (event) => event.preventDefault());
    }
    drop.addEventListener("dragover", () => drop.classList.add("over"));
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      drop.classList.remove("over");
      this.add(event.dataTransfer.files);
    });
  }

  #show() {
    const items = this.#files.map((file, index) => this.#item(file, index));
    byId("file-list").replaceChildren(...items);
    byId("chosen").hidden = !this.#files.length;
    say(byId("chosen-total"), `${count(this.#files.length, "file")}, ${megabytes(this.#size())}`);
    this.#changed();
  }

  #item(file, index) {
    const remove = make("button", { type: "button", className: "remove", textContent: "×", "aria-label": `Remove ${file.name}` });
    remove.addEventListener("click", () => {
      this.#files.splice(index, 1);
      this.#show();
      (byId("file-list").children[index]?.querySelector("button") ?? byId("files")).focus();
    });
    return make(
      "li",
      { className: isKnown(file) && file.size ? "" : "wrong" },
      make("span", { className: "name", textContent: file.name, title: file.name }),
      make("span", { className: "size", textContent: megabytes(file.size) }),
      remove,
    );
  }
}

function isKnown(file) {
  return EXTENSIONS.some((extension) => file.name.toLowerCase().endsWith(extension));
}
