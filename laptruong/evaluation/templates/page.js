"use strict";
(() => {
  const PAGE = 100;
  const byId = (id) => document.getElementById(id);
  const make = (tag, text, kind) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };
  const count = (value) => value.toLocaleString("en");
  const words = new Intl.Collator("vi", { numeric: true });

  // What is missing (null) comes last, whichever the direction.
  const compare = (one, other, sign) => {
    if (one === null || other === null) return (one === null) - (other === null);
    return sign * (typeof one === "number" ? one - other : words.compare(one, other));
  };

  // Headers become buttons; `sort(column, sign)` does the sorting.
  const sortable = (table, sort) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (!head.textContent.trim()) return;
      const button = make("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const before = head.getAttribute("aria-sort");
        const first = head.classList.contains("num") ? "descending" : "ascending";
        const now = before === null ? first : before === "ascending" ? "descending" : "ascending";
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", now);
        sort(column, now === "ascending" ? 1 : -1);
        byId("told").textContent = `Sorted by ${button.textContent}, ${now}`;
      });
    });
  };

  const value = (cell) => {
    if (cell.dataset.v === undefined) return cell.textContent.trim();
    const number = Number.parseFloat(cell.dataset.v);
    return Number.isNaN(number) ? null : number;
  };

  document.querySelectorAll("table.sortable").forEach((table) => {
    const body = table.tBodies[0];
    sortable(table, (column, sign) => {
      const rows = [...body.rows].map((row) => [value(row.cells[column]), row]);
      rows.sort((one, other) => compare(one[0], other[0], sign));
      body.append(...rows.map((row) => row[1]));
    });
  });

  // The browser of items: columns of indexes into values, filtered and sorted as lists of row numbers.
  const data = JSON.parse(byId("data").textContent);
  const { names, columns, texts } = data;
  const table = byId("browser");
  const form = byId("filters");
  const confidences = columns.filter((column) => column.number);
  const at = (name) => columns[names.indexOf(name)];
  const surest = data.text.map((_, row) => Math.max(-1, ...confidences.map((column) => column.rows[row] ?? -1)));
  const folded = (text) => text.normalize("NFC").toLocaleLowerCase("vi");
  const lower = [];
  const lowered = (index) => (lower[index] ??= folded(texts[index]));
  const shown = (column, row) => (column.number ? column.rows[row]?.toFixed(3) ?? "–" : column.values[column.rows[row]]);
  let order = data.text.map((_, row) => row).sort((one, other) => surest[other] - surest[one] || one - other);
  let found = [];
  let start = 0;

  const draw = () => {
    while (table.tBodies.length) table.tBodies[0].remove();
    for (const row of found.slice(start, start + PAGE)) {
      const body = make("tbody");
      const line = body.insertRow();
      const gold = shown(at("gold"), row);
      names.forEach((name, place) => {
        const text = shown(columns[place], row);
        const hit = name === "predicted" ? shown(at("right"), row) === "right" : text === gold;
        const judged = ["predicted", "first", "second"].includes(name);
        const cell = make("td", text, columns[place].number ? "num" : judged ? (hit ? "hit" : "off") : "");
        if (text.length > 24) cell.title = text; // it may be cut
        line.append(cell);
      });
      const said = body.insertRow().insertCell();
      said.className = "said";
      said.colSpan = names.length;
      const text = make("p", texts[data.text[row]], "text");
      text.lang = "vi";
      said.append(text);
      table.append(body);
    }
    const last = Math.min(start + PAGE, found.length);
    const range = found.length ? `${count(start + 1)}–${count(last)} of ${count(found.length)}` : "None";
    byId("shown").textContent = `${range} ${data.what} (${count(data.text.length)} in all)`;
    byId("back").disabled = start === 0;
    byId("on").disabled = last >= found.length;
  };

  const filter = () => {
    const chosen = [...form.querySelectorAll("select")].filter((each) => each.value !== "");
    const tests = chosen.map((each) => [at(each.name).rows, Number(each.value)]);
    const least = Number(form.elements.least.value) || 0;
    const search = folded(form.elements.search.value.trim());
    const fits = search ? texts.map((_, index) => lowered(index).includes(search)) : null;
    found = order.filter(
      (row) => (!least || surest[row] >= least) && tests.every(([rows, wanted]) => rows[row] === wanted) && (!fits || fits[data.text[row]]),
    );
    start = 0;
    draw();
  };

  const turn = (by) => {
    start += by;
    draw();
    table.scrollIntoView({ block: "nearest" });
  };

  sortable(table, (place, sign) => {
    const { rows } = columns[place]; // numbers, or places among values that stand in their order
    order.sort((one, other) => compare(rows[one], rows[other], sign) || surest[other] - surest[one] || one - other);
    filter();
  });
  ["input", "change"].forEach((event) => form.addEventListener(event, filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  byId("back").addEventListener("click", () => turn(-PAGE));
  byId("on").addEventListener("click", () => turn(PAGE));

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((each) => (each.open = true));
  });
  addEventListener("afterprint", () => closed.forEach((each) => (each.open = false)));
  filter();
})();
