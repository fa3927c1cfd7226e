// What only JavaScript can do on a frame's page: things light up wherever they stand, and an answer comes while it is awaited.
import { stream, WORDS } from "./verify.js";

// A detection is a box, a mark from above and a row: pointing at one lights the others.
function pointing(main, said) {
  const places = new Map();
  const boxes = new Map();
  for (const place of main.querySelectorAll("[data-detection]")) {
    for (const number of place.dataset.detection.split(" ")) {
      places.set(number, [...(places.get(number) ?? []), place]);
      if (place.closest(".boxes, .bird")) boxes.set(number, place.querySelector("title")?.textContent ?? "");
    }
  }
  let lit = [];
  const light = (event) => {
    const place = event.target.closest?.("[data-detection]");
    const numbers = place ? place.dataset.detection.split(" ") : [];
    const now = [...new Set(numbers.flatMap((number) => places.get(number)))];
    if (now.length === lit.length && now.every((one, at) => one === lit[at])) return;
    lit.forEach((one) => one.classList.remove("lit"));
    now.forEach((one) => one.classList.add("lit"));
    lit = now;
    if (said) said.textContent = numbers.map((number) => boxes.get(number) ?? "").find(Boolean) ?? "";
  };
  main.addEventListener("pointerover", light);
  main.addEventListener("focusin", light);
  main.addEventListener("pointerleave", light);
}

// The verdict appears where it was asked for, as soon as it is there; asking once more, or leaving, cancels.
function asking(form, line) {
  if (!form) return;
  const button = form.querySelector("button");
  let running = null;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (running) return running.abort();
    running = new AbortController();
    button.textContent = "Stop";
    say(line, "", "The scouts look…");
    try {
      const question = form.elements.question.value;
      await stream({ question, tokens: [form.dataset.token] }, running.signal, (found) => answered(form, line, question, found));
    } catch (error) {
      say(line, "error", error.name === "AbortError" ? "stopped" : error.message);
    } finally {
      running = null;
      button.textContent = "Ask";
    }
  });
}

function say(line, kind, text) {
  line.className = `verdict ${kind}`;
  line.textContent = text;
}

function answered(form, line, question, found) {
  const seen = found.error ?? found.evidence.map((one) => one.seen).join("; ");
  say(line, found.verdict, `${WORDS[found.verdict]} ${question}${seen ? ` · ${seen}` : ""}`);
}

pointing(document.getElementById("main"), document.getElementById("pointed"));
asking(document.getElementById("ask"), document.getElementById("asking"));
