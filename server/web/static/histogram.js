// Dragging over the bars chooses a range of risk; a click on one bar stays a link.
export function histogram(root) {
  if (!root) return;
  let from = null;
  let to = null;
  const bars = [...root.querySelectorAll("a")];
  const riskAt = (event) => {
    const bar = document.elementFromPoint(event.clientX, event.clientY)?.closest("#histogram a");
    return bar ? Number(bar.dataset.risk) : null;
  };
  const show = () => {
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    bars.forEach((bar) => {
      const inside = Number(bar.dataset.risk) >= low && Number(bar.dataset.risk) <= high;
      bar.classList.toggle("in", inside);
      bar.classList.toggle("out", !inside);
    });
  };
  const done = () => {
    if (from === null) return;
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    from = null;
    if (low !== high) go(root, low, high);
  };
  root.addEventListener("dragstart", (event) => event.preventDefault());
  root.addEventListener("pointerdown", (event) => {
    from = to = riskAt(event);
    document.addEventListener("pointerup", done, { once: true });
  });
  root.addEventListener("pointermove", (event) => {
    const risk = from === null ? null : riskAt(event);
    if (risk === null || risk === to) return;
    to = risk;
    show();
  });
}

// The server wrote the query for one range of risks; only the range is put in its place.
function go(root, low, high) {
  const { template, range, all } = root.dataset;
  if (low === 0 && high === 10) return location.assign(all);
  const at = template.lastIndexOf(range);
  const chosen = range.replace("1", String(low)).replace("9", String(high));
  const url = new URL(location.href);
  url.searchParams.set("q", template.slice(0, at) + chosen + template.slice(at + range.length));
  ["offset", "without"].forEach((name) => url.searchParams.delete(name));
  location.assign(url);
}
