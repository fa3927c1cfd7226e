// What only JavaScript can do over plain links and forms: keys, selecting, dragging the histogram, completion, verdicts
// as they come. With htmx, links of the search page swap what changes; what was swapped in is wired anew.
import { keys } from "./keys.js";
import { histogram } from "./histogram.js";
import { selecting } from "./select.js";
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
const help = document.getElementById("help");
if (help) {
  help.hidden = false;
  help.addEventListener("click", () => document.getElementById("keys").showModal());
}

const boxes = document.getElementById("boxes");
boxes?.addEventListener("change", () => document.getElementById("cameras").classList.toggle("bare", !boxes.checked));

function wire() {
  histogram(document.getElementById("histogram"));
  verifying(document.getElementById("verify"));
  selecting(document.getElementById("selection"));
}

document.addEventListener("htmx:afterSettle", (event) => {
  const content = document.getElementById("content");
  if (!content || event.detail.target?.id !== "content") return;
  document.getElementById("q").value = content.dataset.q;
  document.getElementById("said").textContent = document.getElementById("summary")?.textContent ?? content.querySelector("[role=alert]")?.textContent ?? "";
  scrollTo({ top: 0 });
  wire();
});
document.addEventListener("htmx:sendError", () => { document.getElementById("said").textContent = "the server does not answer"; });

suggestions(document.getElementById("q"));
wire();
keys();
