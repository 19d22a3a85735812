// The table of a job's documents; rows are made once and changed only where their document did.

import { make, say } from "./dom.js";

const WORDS = { waiting: "Waiting", reading: "Reading", read: "Read", partly_read: "Partly read", unreadable: "Unreadable", failed: "Failed", cancelled: "Cancelled" };

export class DocumentTable {
  #body;
  #rows = new Map();

  constructor(body) {
    this.#body = body;
  }

  show({ documents, links }) {
    for (const each of documents) {
      if (!this.#rows.has(each.id)) this.#rows.set(each.id, this.#append(each));
      update(this.#rows.get(each.id), each, links.highlighted[each.id]);
    }
  }

  #append({ name }) {
    const why = make("span", { className: "why" });
    const tag = make("span", { className: "tag" });
    const pages = make("td", { className: "n", "data-unit": "pages" });
    const variables = make("td", { className: "n", "data-unit": "variables" });
    const link = make("td");
    const row = make("tr", {}, make("th", { scope: "row" }, name, why), make("td", {}, tag), pages, variables, link);
    this.#body.append(row);
    return { why, tag, pages, variables, link, name };
  }
}

function update(row, document, highlighted) {
  row.tag.dataset.state = document.state;
  say(row.tag, WORDS[document.state] ?? document.state);
  say(row.why, document.error ?? "");
  say(row.pages, share(document.pages_done, document.pages));
  say(row.variables, share(document.variables_done, document.variables_total));
  if (highlighted && !row.link.firstChild) {
    const href = new URL(highlighted).pathname;
    row.link.append(make("a", { href, download: "", textContent: "Marked PDF", "aria-label": `Marked PDF of ${row.name}` }));
  }
}

function share(done, total) {
  if (!total) return "–";
  return done === total ? String(total) : `${done} of ${total}`;
}
