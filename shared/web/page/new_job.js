// The page on which a job is made.

import { byId, make, megabytes, say } from "./dom.js";
import { ChosenFiles } from "./files.js";
import { Problems } from "./problems.js";
import { VariableRows } from "./variables.js";

const DRAFT = "policy-reader-draft";

const files = new ChosenFiles(() => {});
const variables = new VariableRows(keepDraft);
const problems = new Problems(variables);
const table = byId("variables-file");
let sending = null;

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
byId("form").addEventListener("input", keepDraft);
byId("stop-sending").addEventListener("click", () => sending?.abort());
table.addEventListener("change", showTable);
window.addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});
restoreDraft();

function submit() {
  if (sending) return;
  const faults = faultsHere();
  if (faults.length) {
    problems.show({ title: faults[0].message, errors: faults });
    return;
  }
  problems.clear();
  send(form());
}

/** What can be known without asking; the rest is the server's to say. */
function faultsHere() {
  const faults = files.faults().map((message) => ({ field: "files", message }));
  if (!variables.filled.length && !table.files.length) {
    faults.push({ field: "variables", message: "Name at least one variable, or upload a table of them." });
  }
  variables.filled.forEach((row, index) => {
    if (!row.name) faults.push({ field: `variables[${index}].name`, message: "A variable has no name; give it one." });
    if (!row.description) faults.push({ field: `variables[${index}].description`, message: `“${row.name}” has no description; say what to look for.` });
  });
  if (!byId("email").value.trim()) faults.push({ field: "email", message: "Enter the address to which the workbook is sent." });
  else if (!byId("email").checkValidity()) faults.push({ field: "email", message: "This is no email address; write it as name@example.org." });
  return faults;
}

function form() {
  const body = new FormData();
  const query = byId("query").value.trim();
  const request = { email: byId("email").value.trim(), variables: variables.filled, ...(query && { query }) };
  body.append("request", JSON.stringify(request));
  if (table.files.length) body.append("variables_file", table.files[0]);
  for (const file of files.all) body.append("files", file, file.name);
  return body;
}

function send(body) {
  sending = new XMLHttpRequest();
  sending.open("POST", "/api/jobs");
  sending.responseType = "text";
  sending.upload.addEventListener("progress", ({ loaded, total }) => showSent(loaded, total));
  sending.addEventListener("load", (event) => finish(event.target));
  sending.addEventListener("error", () => finish(null));
  sending.addEventListener("abort", () => free());
  byId("submit").disabled = true;
  byId("sending").hidden = false;
  showSent(0, 1);
  sending.send(body);
}

function showSent(loaded, total) {
  byId("sent").value = (100 * loaded) / total;
  const done = loaded >= total;
  say(byId("sending-text"), done ? "Checking and storing…" : `Uploading, ${Math.floor((100 * loaded) / total)}%`);
}

function free() {
  sending = null;
  byId("submit").disabled = false;
  byId("sending").hidden = true;
}

function finish(answer) {
  free();
  if (answer === null || answer.status === 0) {
    problems.show({ title: "The upload did not arrive. Check your connection and try again; nothing was started." });
    return;
  }
  const said = parsed(answer.responseText);
  if (answer.status === 202 && said?.id) {
    sessionStorage.removeItem(DRAFT);
    location.assign(`/jobs/${encodeURIComponent(said.id)}`);
  } else if (answer.status === 413 && !said) {
    problems.show({ title: "The files are too large for one job; split them over several." });
  } else {
    files.mark((said?.errors ?? []).map((error) => error.message));
    problems.show(said ?? { title: `The server answered ${answer.status}. Please try again in a moment.` });
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function showTable() {
  const [file] = table.files;
  const chip = byId("variables-file-name");
  chip.hidden = !file;
  if (!file) return;
  const remove = make("button", { type: "button", className: "remove", textContent: "×", "aria-label": `Remove ${file.name}` });
  remove.addEventListener("click", () => {
    table.value = "";
    showTable();
    table.focus();
  });
  chip.replaceChildren(`${file.name} (${megabytes(file.size)})`, remove);
}

/** What was typed outlives a reload, in this tab alone; files cannot. */
function keepDraft() {
  const draft = { variables: variables.filled, email: byId("email").value, query: byId("query").value };
  sessionStorage.setItem(DRAFT, JSON.stringify(draft));
}

function restoreDraft() {
  const draft = parsed(sessionStorage.getItem(DRAFT) ?? "");
  if (!draft) return;
  variables.replace(draft.variables ?? []);
  byId("email").value = draft.email ?? "";
  byId("query").value = draft.query ?? "";
  byId("more").open = Boolean(draft.query);
}
