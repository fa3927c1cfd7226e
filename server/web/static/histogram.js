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
  root.addEventListener("dragstart", (event) => event.preventDefault());
  root.addEventListener("pointerdown", (event) => { from = to = riskAt(event); });
  root.addEventListener("pointermove", (event) => {
    const risk = from === null ? null : riskAt(event);
    if (risk === null || risk === to) return;
    to = risk;
    show();
  });
  document.addEventListener("pointerup", () => {
    if (from === null) return;
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    from = null;
    if (low === high) return;
    const url = new URL(location.href);
    const kept = (url.searchParams.get("q") || "").replace(/(^|\s)(AND\s+)?risk:?(>=|<=|[≥≤><=])?[0-9.*]+(\.\.[0-9*]+)?/g, " ");
    url.searchParams.set("q", `${kept} risk:${low}..${high}`.trim());
    url.searchParams.delete("offset");
    location.assign(url);
  });
}
