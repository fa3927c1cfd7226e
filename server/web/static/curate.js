// Labelling by keyboard alone. All of it stands over a plain form: a value is a radio button or a box, an action a
// button or a link, and a key only does what a click on it would.
const main = document.querySelector("[data-keys=curate]");
const form = document.getElementById("label");
const fields = form ? [...form.querySelectorAll("fieldset:not(:disabled)")] : [];
const views = document.getElementById("views");
const said = document.getElementById("said");
let here = -1;
let sent = false; // a form on its way is not sent a second time by a second stroke

const inputs = (field) => [...field.querySelectorAll("input")];
const textOf = (input) => input.getAttribute("aria-label") ?? input.nextElementSibling.lastChild.textContent.trim();

function mark(index) {
  fields[here]?.classList.remove("here");
  here = index;
  fields[here].classList.add("here");
}

function move(step) {
  if (!fields.length) return;
  mark(Math.min(Math.max(here + step, 0), fields.length - 1));
  const choices = inputs(fields[here]);
  (choices.find((one) => one.checked) ?? choices[0]).focus({ preventScroll: true });
  fields[here].scrollIntoView({ block: "nearest" });
}

function set(input, checked) {
  input.checked = checked;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function press(input) {
  const letGo = input.type === "radio" && input.checked;
  const wanted = letGo ? inputs(input.closest("fieldset")).find((one) => one.value === "") : input;
  set(wanted, input.type === "radio" || !input.checked);
  if (input.closest("fieldset") === fields[here]) wanted.focus({ preventScroll: true });
}

function choose(key) {
  const input = fields[here]?.querySelector(`input[data-key="${key}"]`);
  if (input) press(input);
}

function stepRisk(step) {
  const scale = fields.flatMap(inputs).filter((one) => one.name === "risk" && one.value !== "");
  if (!scale.length) return;
  const now = scale.findIndex((one) => one.checked);
  const next = now < 0 ? (step > 0 ? 0 : scale.length - 1) : Math.min(Math.max(now + step, 0), scale.length - 1);
  set(scale[next], true);
  if (scale[next].closest("fieldset") === fields[here]) scale[next].focus({ preventScroll: true });
}

function enlarge(wanted) {
  views?.querySelectorAll(".large").forEach((one) => one.classList.remove("large"));
  if (!wanted) return;
  wanted.classList.add("large");
  wanted.querySelector("img").src = wanted.href; // as it was taken, and kept so
}

function nextPicture() {
  const all = [...(views?.querySelectorAll("a") ?? [])];
  enlarge(all[all.findIndex((one) => one.classList.contains("large")) + 1]); // after the last: none, so all again
}

const actions = {
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  j: () => move(1),
  k: () => move(-1),
  ArrowRight: () => stepRisk(1),
  ArrowLeft: () => stepRisk(-1),
  p: nextPicture,
  Escape: () => enlarge(null),
  "?": () => document.getElementById("keys").showModal(),
};

function act(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (/^\d$/.test(key)) return () => choose(key);
  if (actions[key]) return actions[key];
  const pressed = main.querySelector(`[data-press~="${CSS.escape(key)}"]`);
  return pressed && (() => event.repeat || sent || pressed.click()); // a key that is held must not save frame after frame
}

function heard(event) {
  const elsewhere = event.target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, dialog[open]");
  const native = event.key === "Enter" && event.target.closest("a, button");
  if (elsewhere || native || event.ctrlKey || event.metaKey || event.altKey) return;
  const action = act(event);
  if (!action) return;
  event.preventDefault();
  action();
}

function changed({ target }) {
  const field = target.closest("fieldset");
  if (target.type === "checkbox" && target.checked) {
    const apart = (one) => (one.value === "none") !== (target.value === "none"); // none of these, or some of them
    inputs(field).filter(apart).forEach((one) => { one.checked = false; });
  }
  const chosen = inputs(field).filter((one) => one.checked).map(textOf);
  said.textContent = `${field.dataset.field}: ${chosen.join(", ") || "not stated"}`;
}

/** Milliseconds that the page was in sight. */
function watch() {
  let seen = 0;
  let since = document.hidden ? null : performance.now();
  document.addEventListener("visibilitychange", () => {
    if (since !== null) seen += performance.now() - since;
    since = document.hidden ? null : performance.now();
  });
  return () => seen + (since === null ? 0 : performance.now() - since);
}

function labelling() {
  const elapsed = watch();
  form.addEventListener("change", changed);
  form.addEventListener("submit", () => {
    sent = true;
    form.elements.seconds.value = (elapsed() / 1000).toFixed(1);
  });
  form.addEventListener("focusin", ({ target }) => {
    const at = fields.indexOf(target.closest("fieldset"));
    if (at >= 0 && at !== here) mark(at);
  });
  if (!fields.length) return;
  mark(0);
  inputs(fields[0])[0].focus({ preventScroll: true }); // the pictures stay where they are
}

/** The name is kept in the address; what was typed last is only offered. */
function rememberWho() {
  const who = document.getElementById("annotator");
  if (!who) return;
  try {
    if (!who.value) who.value = localStorage.getItem("annotator") ?? "";
    who.form.addEventListener("submit", () => localStorage.setItem("annotator", who.value));
  } catch { /* no storage: it is typed again */ }
}

if (main) {
  document.addEventListener("keydown", heard);
  window.addEventListener("pageshow", () => { sent = false; });
  views?.addEventListener("click", (event) => {
    const picture = event.target.closest("a");
    if (!picture || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    enlarge(picture.classList.contains("large") ? null : picture);
  });
}
if (form) labelling();
rememberWho();
