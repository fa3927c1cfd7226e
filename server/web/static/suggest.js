// Completion of the word at the caret: fields, values with counts, tokens. Asked of the server; stale answers are dropped.
const PAUSE_MS = 120;

export function suggestions(input) {
  if (!input) return;
  const list = document.createElement("ul");
  Object.assign(list, { className: "suggest", id: "suggest", hidden: true });
  list.setAttribute("role", "listbox");
  input.after(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-controls", "suggest");
  input.setAttribute("aria-expanded", "false");
  let timer = 0;
  let asked = 0;
  let at = -1;

  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
  };
  const word = () => {
    const before = input.value.slice(0, input.selectionStart);
    return before.slice(before.search(/[^\s()]*$/));
  };
  const take = (text) => {
    const end = input.selectionStart;
    const start = end - word().length;
    input.value = input.value.slice(0, start) + text + input.value.slice(end);
    input.setSelectionRange(start + text.length, start + text.length);
    close();
    input.focus();
  };
  const show = (found) => {
    list.replaceChildren(
      ...found.map((one) => {
        const item = document.createElement("li");
        item.setAttribute("role", "option");
        item.append(one.text, Object.assign(document.createElement("span"), { textContent: one.frames?.toLocaleString("en") ?? "", className: "dim" }));
        item.addEventListener("pointerdown", (event) => { event.preventDefault(); take(one.text); });
        return item;
      }),
    );
    list.hidden = !found.length;
    at = -1;
    input.setAttribute("aria-expanded", String(!list.hidden));
  };
  const ask = async () => {
    const prefix = word();
    const number = ++asked;
    if (!prefix) return close();
    try {
      const answer = await fetch(`/api/suggest?${new URLSearchParams({ prefix })}`);
      if (!answer.ok || number !== asked) return;
      show((await answer.json()).suggestions.slice(0, 12));
    } catch { close(); }  // completion is a help, not a need
  };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE_MS); });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { if (list.hidden) input.blur(); close(); return; }
    if (list.hidden) return;
    const items = [...list.children];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      at = (at + (event.key === "ArrowDown" ? 1 : items.length - 1) + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) % items.length;
      items.forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
      items[at].scrollIntoView({ block: "nearest" });
    } else if ((event.key === "Enter" || event.key === "Tab") && at >= 0) {
      event.preventDefault();
      take(items[at].firstChild.textContent);
    }
  });
}
