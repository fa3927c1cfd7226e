// What only JavaScript can do over plain links and forms: keys, dragging the histogram, completion, verdicts as they come.
import { keys } from "./keys.js";
import { histogram } from "./histogram.js";
import { suggestions } from "./suggest.js";
import { verifying } from "./verify.js";

const stored = (() => { try { return localStorage.getItem("theme"); } catch { return null; } })();
if (stored) document.documentElement.dataset.theme = stored;

const theme = document.getElementById("theme");
if (theme) {
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const dark = getComputedStyle(document.documentElement).getPropertyValue("--bg").trim() !== "#fff";
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("theme", document.documentElement.dataset.theme); } catch { /* no storage: for this page */ }
  });
}

const boxes = document.getElementById("boxes");
boxes?.addEventListener("change", () => document.getElementById("cameras").classList.toggle("bare", !boxes.checked));

histogram(document.getElementById("histogram"));
suggestions(document.getElementById("q"));
verifying(document.getElementById("verify"));
keys();
