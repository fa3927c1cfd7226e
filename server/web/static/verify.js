// Verdicts appear on the cards while others are still being asked. Leaving the page, or asking once more, cancels.
export const WORDS = { yes: "✓ confirmed", no: "✗ refuted", unsure: "? unsure", error: "! error" };

let running = null;
const asking = () => document.getElementById("verify");

export function verifying(form) {
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    ask([...document.querySelectorAll(".card")].map((card) => card.dataset.token));
  });
}

// Have these frames looked at, asked the page's own query; or stop what is under way.
export async function ask(tokens) {
  const form = asking();
  if (!form) return;
  if (running) return running.abort();
  const button = form.querySelector("button");
  form.querySelector(".verdict")?.remove();
  running = new AbortController();
  button.textContent = "Stop";
  try {
    await stream({ query: form.dataset.query, tokens }, running.signal, tell);
    sink();
  } catch (error) {
    if (error.name !== "AbortError") button.after(Object.assign(document.createElement("span"), { className: "verdict error", textContent: error.message }));
  } finally {
    running = null;
    button.textContent = "Ask again";
  }
}

document.addEventListener("htmx:beforeSwap", () => running?.abort());

export async function stream(asked, signal, told) {
  const answer = await fetch("/api/verify", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify(asked),
    signal,
  });
  if (!answer.ok) throw new Error((await answer.json()).message);
  let rest = "";
  for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
    rest += text.replaceAll("\r\n", "\n");
    const events = rest.split("\n\n");
    rest = events.pop();
    events.forEach((event) => read(event, told));
  }
}

function read(event, told) {
  const lines = event.split("\n");
  const kind = lines.find((line) => line.startsWith("event:"))?.slice(6).trim() ?? "message";
  const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5)).join("\n");
  if (kind === "error") throw new Error(JSON.parse(data).message);
  if (kind === "verification") told(JSON.parse(data));
}

function tell(found) {
  const card = document.getElementById(`t-${found.token}`);
  if (!card) return;
  const line = card.querySelector(".verdict");
  const seen = found.error ?? found.evidence[0]?.seen ?? "";
  line.className = `verdict ${found.verdict}`;
  line.textContent = `${WORDS[found.verdict]}${seen ? ` · ${seen}` : ""}`;
  card.classList.toggle("refuted", found.verdict === "no");
}

// Confirmed first, refuted last; what is alike keeps its order.
function sink() {
  const list = document.querySelector(".cards");
  const rank = (card) => (card.querySelector(".verdict.yes") ? 0 : card.querySelector(".verdict.no") ? 2 : 1);
  list.append(...[...list.children].map((card, place) => [rank(card), place, card]).sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, , card]) => card));
}
