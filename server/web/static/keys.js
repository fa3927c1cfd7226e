// The whole page by keyboard. Keys are left alone while somebody types.
const cards = () => [...document.querySelectorAll(".card")];

function move(step) {
  const all = cards();
  if (!all.length) return;
  const now = all.findIndex((card) => card.classList.contains("at"));
  const next = Math.min(Math.max(now + step, 0), all.length - 1);
  all.forEach((card) => card.classList.remove("at"));
  all[next].classList.add("at");
  all[next].scrollIntoView({ block: "nearest" });
  all[next].querySelector("a.open").focus({ preventScroll: true });
}

const follow = (selector) => document.querySelector(selector)?.click();

const actions = {
  "/": () => document.getElementById("q").focus(),
  j: () => move(1),
  k: () => move(-1),
  "[": () => follow(".timeline a[rel=prev]"),
  "]": () => follow(".timeline a[rel=next]"),
  v: () => document.querySelector("#verify button")?.click(),
  b: () => document.getElementById("boxes")?.click(),
  "?": () => document.getElementById("keys").showModal(),
};

export function keys() {
  if (document.querySelector("[data-keys]")) return; // a page with keys of its own
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, dialog[open]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = actions[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
}
