// The whole page by keyboard. Keys are left alone while somebody types, and on a page that has keys of its own.
import { clear, press, toggle } from "./select.js";

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
  s: toggle,
  v: () => press("v") || document.querySelector("#verify button")?.click(),
  x: () => press("x"),
  g: () => press("g"),
  e: () => press("e") || document.querySelector(".menu a[download]")?.closest("details")?.toggleAttribute("open"),
  Escape: clear,
  b: () => document.getElementById("boxes")?.click(),
  "?": () => document.getElementById("keys").showModal(),
};

export function keys() {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, dialog[open]");
    if (typing || document.querySelector("[data-keys]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = /^[1-9]$/.test(event.key) ? () => press(event.key) : actions[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
}
