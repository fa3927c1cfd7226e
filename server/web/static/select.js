// Hits are selected with boxes, over pages; what is done with them is done in place, without leaving the page.
import { ask } from "./verify.js";

const KEY = "selected";
const chosen = new Set((() => { try { return JSON.parse(sessionStorage.getItem(KEY)) ?? []; } catch { return []; } })());
const bar = () => document.getElementById("actions");
const boxOf = (card) => card.querySelector("input[name=token]");
const current = () => document.querySelector(".card.at");

// What is meant: the selection, else the hit that the keys stand on.
export function meant() {
  return chosen.size ? [...chosen] : current() ? [current().dataset.token] : [];
}

export function toggle() {
  const box = current() && boxOf(current());
  if (!box) return;
  box.checked = !box.checked;
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

export function clear() {
  chosen.clear();
  document.querySelectorAll(".card input[name=token]").forEach((box) => { box.checked = false; });
  show();
}

export function press(key) {
  const button = bar()?.querySelector(`button[data-key="${key}"]`);
  if (!button || !meant().length) return false;
  button.click();
  return true;
}

function show() {
  try { sessionStorage.setItem(KEY, JSON.stringify([...chosen])); } catch { /* no storage: for this page */ }
  document.querySelectorAll(".card").forEach((card) => card.classList.toggle("picked", chosen.has(card.dataset.token)));
  if (!bar()) return;
  bar().classList.toggle("shown", chosen.size > 0);
  document.getElementById("selected").textContent = `${chosen.size.toLocaleString("en")} selected`;
}

export function selecting(form) {
  if (!form) return show();
  const clearing = document.getElementById("clear");
  if (clearing) {
    clearing.hidden = false;
    clearing.addEventListener("click", clear);
  }
  form.querySelectorAll("input[name=token]").forEach((box) => { box.checked = chosen.has(box.value); });
  form.addEventListener("change", (event) => {
    if (event.target.name !== "token") return;
    chosen[event.target.checked ? "add" : "delete"](event.target.value);
    show();
  });
  const who = form.querySelector("input[name=who]");
  if (who) {
    who.value ||= remembered();
    who.addEventListener("change", () => { try { localStorage.setItem("who", who.value); } catch { /* no storage */ } });
  }
  form.addEventListener("submit", (event) => act(form, event));
  show();
}

const remembered = () => { try { return localStorage.getItem("who") ?? ""; } catch { return ""; } };

function act(form, event) {
  const button = event.submitter;
  const tokens = meant();
  tell("");
  if (!tokens.length) {
    event.preventDefault();
    return tell("nothing is selected: tick a box, or move to a hit with j and k");
  }
  if (button.dataset.key === "e") return whole(form, tokens);
  event.preventDefault();
  if (button.dataset.key === "v") return ask(tokens);
  const who = form.elements.who.value.trim();
  if (!who) {
    bar().classList.add("shown");
    form.elements.who.focus();
    return tell("say who you are: it is kept with what you decide");
  }
  if (button.dataset.key === "g") return gold(form.elements.sample.value.trim(), tokens, who);
  return review(button, tokens, who);
}

// An export is a download, so the form itself is sent; with what was selected on other pages.
function whole(form, tokens) {
  form.querySelectorAll("input.elsewhere").forEach((input) => input.remove());
  const here = new Set([...form.querySelectorAll("input[name=token]:checked")].map((box) => box.value));
  tokens.filter((token) => !here.has(token)).forEach((value) => {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "token", value, className: "elsewhere" }));
  });
}

async function send(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.hint ? `${said.message}: ${said.hint}` : said.message);
  return said;
}

async function review(button, tokens, who) {
  const query = document.getElementById("content").dataset.q;
  const tag = button.name === "tag" ? button.value : null;
  const said = tag ? { holds: [tag] } : { query, verdict: button.value };
  try {
    await send("/api/reviews", { tokens, who, ...said });
  } catch (error) { return tell(error.message); }
  tokens.map((token) => document.getElementById(`t-${token}`)).filter(Boolean).forEach((card) => {
    if (tag) return tagged(card, tag);
    const line = card.querySelector(".verdict");
    line.className = `verdict ${button.value}`;
    line.textContent = `✗ refuted · by ${who}`;
    card.classList.add("refuted");
  });
  announce(`${tokens.length} ${tag ? `tagged ${tag.replaceAll("_", " ")}` : "rejected"}`);
}

function tagged(card, tag) {
  const line = card.querySelector(".said");
  const text = `+ ${tag.replaceAll("_", " ")}`;
  if ([...line.querySelectorAll(".tag")].some((one) => one.textContent === text)) return;
  line.append(Object.assign(document.createElement("span"), { className: "tag", textContent: text }), " ");
  line.hidden = false;
}

async function gold(sample, tokens, who) {
  try {
    const now = await send(`/api/samples/${encodeURIComponent(sample)}/frames`, { tokens, who });
    announce(`${now.added} added to ${now.name}, which holds ${now.frames}`);
  } catch (error) { tell(error.message); }
}

function announce(text) {
  document.getElementById("said").textContent = text;
  document.getElementById("selected").textContent = text;
}

function tell(text) {
  const line = document.getElementById("told");
  if (line) line.textContent = text;
}
