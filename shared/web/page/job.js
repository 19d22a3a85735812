// The page on which a job is watched: asks again and again, and outlives a restarting server.

import { byId, count, say } from "./dom.js";
import { DocumentTable } from "./documents.js";

const POLL = 2000;
const SLOWEST = 15000;
const HEADLINES = { pending: "Your job is in the queue", running: "Reading your documents", completed: "Your workbook is ready", failed: "Nothing could be read", cancelled: "The job was cancelled" };
const STATES = { pending: "Waiting", running: "Reading", completed: "Completed", failed: "Failed", cancelled: "Cancelled" };
const STAGES = { writing: "Writing your workbook", cancelling: "Stopping" };

const id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const api = `/api/jobs/${encodeURIComponent(id)}`;
const documents = new DocumentTable(byId("documents"));
let failures = 0;
let timer = 0;

byId("cancel").addEventListener("click", () => askToCancel(true));
byId("cancel-no").addEventListener("click", () => askToCancel(false));
byId("cancel-yes").addEventListener("click", cancel);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && timer) poll();
});
poll();

async function poll() {
  clearTimeout(timer);
  timer = 0;
  let wait = POLL;
  try {
    const answer = await fetch(api, { cache: "no-store" });
    if (answer.status === 404 || answer.status === 410) return gone(await answer.json());
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    const job = await answer.json();
    failures = 0;
    byId("away").hidden = true;
    show(job);
    if (job.stage === "done") return;
    // A long list is large to send and slow to change.
    wait = isOver(job) ? 5 * POLL : POLL + 5 * Math.min(job.documents.length, 600);
  } catch {
    failures += 1;
    wait = Math.min(POLL * 1.5 ** failures, SLOWEST);
    say(byId("away"), "The server does not answer at the moment. Your job is safe; this page keeps asking.");
    byId("away").hidden = failures < 2;
  }
  timer = setTimeout(poll, wait);
}

const isOver = (job) => !["pending", "running"].includes(job.state);

function gone({ title, errors }) {
  byId("job").hidden = true;
  byId("away").hidden = true;
  say(byId("gone-title"), title);
  say(byId("gone-text"), errors?.[0]?.message ?? "");
  byId("gone").hidden = false;
}

function show(job) {
  const over = isOver(job);
  const headline = (!over && STAGES[job.stage]) || HEADLINES[job.state];
  byId("state").dataset.state = job.state;
  say(byId("state"), over ? `${STATES[job.state]} ${moment(job.finished)}` : `${STATES[job.state]}, sent ${moment(job.created)}`);
  say(byId("headline"), headline);
  say(byId("message"), job.message);
  say(byId("announce"), over ? `${headline}. ${job.message}` : headline);
  document.title = `${over ? STATES[job.state] : `${ended(job)}/${job.documents.length}`} – Policy Reader`;
  byId("stand-in").hidden = !job.model_is_stand_in;
  byId("problem").hidden = !job.problem;
  say(byId("problem"), job.problem);
  showProgress(job, over);
  showDownloads(job, over);
  documents.show(job);
  say(byId("tally"), tally(job.documents));
  say(byId("cost"), cost(job));
  byId("job").hidden = false;
}

const ended = (job) => job.documents.filter((each) => !["waiting", "reading", "cancelled"].includes(each.state)).length;

function moment(iso) {
  if (!iso) return "";
  const then = new Date(iso);
  const today = then.toDateString() === new Date().toDateString();
  return then.toLocaleString(undefined, today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}

function showProgress(job, over) {
  bar("documents", ended(job), job.documents.length);
  bar("variables", job.variables_done, job.variables_total);
  say(byId("delivery"), delivery(job, over));
  byId("cancel-box").hidden = over || job.stage === "cancelling";
  if (over) byId("progress-card").dataset.over = "";
}

function bar(name, done, total) {
  const element = byId(`${name}-bar`);
  element.max = Math.max(total, 1);
  element.value = done;
  say(byId(`${name}-count`), `${done.toLocaleString("en")} of ${total.toLocaleString("en")}`);
}

function delivery(job, over) {
  const to = job.email.to.replace("…", "…\u2060"); // never broken there
  if (job.email.state === "sent") return `The workbook was sent to ${to}.`;
  if (job.email.state === "failed") return `The email to ${to} could not be sent. The results are here.`;
  if (over) return `The email to ${to} is on its way.`;
  return `You can close this page. The workbook will be sent to ${to}.`;
}

function showDownloads(job, over) {
  const found = job.quotes ? `${count(job.quotes, "quote")}, each with its page.` : "No quotes. The workbook says why, for every document and variable.";
  const hint = over ? found : "What is known so far can be downloaded at any time.";
  say(byId("downloads-hint"), hint);
  byId("workbook").className = `button ${over ? "primary" : "soft"}`;
  say(byId("workbook"), over ? "Download the workbook" : "Workbook so far");
  say(byId("json"), over ? "Download JSON" : "JSON so far");
  byId("workbook").href = `${api}/results.xlsx`;
  byId("json").href = `${api}/results.json`;
}

function tally(all) {
  const words = { read: "read", partly_read: "partly read", unreadable: "unreadable", failed: "failed", cancelled: "cancelled", reading: "being read", waiting: "waiting" };
  return Object.entries(words)
    .map(([state, word]) => [all.filter((each) => each.state === state).length, word])
    .filter(([number]) => number)
    .map(([number, word]) => `${number} ${word}`)
    .join(", ");
}

function cost({ usage, model }) {
  if (!usage.calls) return "";
  const tokens = (usage.input + usage.output).toLocaleString("en");
  const money = usage.cost ? `, $${usage.cost.toFixed(usage.cost < 1 ? 3 : 2)}` : "";
  return `${count(usage.calls, "model call")} (${model}), ${tokens} tokens${money}.`;
}

function askToCancel(asked) {
  byId("cancel").hidden = asked;
  byId("cancel-sure").hidden = !asked;
  byId(asked ? "cancel-no" : "cancel").focus();
}

async function cancel() {
  say(byId("cancel-error"), "");
  byId("cancel-yes").disabled = true;
  try {
    const answer = await fetch(`${api}/cancel`, { method: "POST" });
    if (!answer.ok) throw new Error((await answer.json()).errors?.[0]?.message);
    byId("cancel-box").hidden = true;
    poll();
  } catch (fault) {
    say(byId("cancel-error"), fault.message || "The job could not be cancelled. Please try again.");
  } finally {
    byId("cancel-yes").disabled = false;
    askToCancel(false);
  }
}
