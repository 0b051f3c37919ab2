/* Sort and filter the rows of every <table data-table>, and keep the state in the address.
 *
 * A heading <th data-name="page" data-order="page"> becomes a button that sorts: by text, number,
 * date or page (roman before arabic). What a cell is sorted by is its data-value, else its text.
 * Counts in <div data-facets="ID of the table"> become check boxes that filter:
 *   <div data-column="kind">… <ul><li data-value="Finding">Finding <span>12</span></li></ul></div>
 * Without this script the table stands in the order of its rows, with the counts above it.
 */
"use strict";

const ROMAN = { i: 1, v: 5, x: 10, l: 50, c: 100, d: 500, m: 1000 };
const TEXT = new Intl.Collator("en-GB", { numeric: true });
const tables = [...document.querySelectorAll("table[data-table]")].map(enhance);

/* Several tables of a page tell their parts of the address apart by their ids. */
function restore() {
  const state = location.hash.includes("=") ? new URLSearchParams(location.hash.slice(1)) : null;
  if (state || !location.hash) tables.forEach((table) => table.restore(state || new URLSearchParams()));
}

function enhance(table) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells].filter((th) => th.dataset.name);
  const prefix = document.querySelectorAll("table[data-table]").length > 1 ? `${table.id}.` : "";
  const place = Object.fromEntries(heads.map((th) => [th.dataset.name, th.cellIndex]));
  const choices = new Map(); // name of a column → its check boxes
  let sorted = { name: "", down: false };

  const status = document.createElement("p");
  status.className = "table-status";
  status.setAttribute("role", "status");
  const scroll = table.closest(".scroll") || table;
  scroll.before(status);

  for (const th of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...th.childNodes);
    th.append(button);
    button.addEventListener("click", () => {
      const again = sorted.name === th.dataset.name;
      // Up, down, and back to the order in which the rows came.
      sorted = again && sorted.down ? { name: "", down: false } : { name: th.dataset.name, down: again };
      draw();
      remember();
    });
  }

  const panel = document.querySelector(`[data-facets="${CSS.escape(table.id)}"]`);
  for (const facet of panel ? panel.querySelectorAll("[data-column]") : []) choose(facet);
  if (choices.size) {
    const hint = document.createElement("p");
    hint.className = "hint";
    hint.textContent = "Tick what you want to see; with several ticks in a line, rows with any of them are shown.";
    panel.querySelector("[data-column]").before(hint);
    const all = document.createElement("button");
    all.type = "button";
    all.className = "show-all";
    all.textContent = "Show all rows";
    all.addEventListener("click", () => {
      for (const boxes of choices.values()) for (const box of boxes) box.input.checked = false;
      draw();
      remember();
    });
    panel.append(all);
  }

  function choose(facet) {
    const name = facet.dataset.column;
    facet.setAttribute("role", "group");
    facet.setAttribute("aria-label", facet.querySelector("b").textContent);
    const boxes = [...facet.querySelectorAll("li")].map((item) => {
      const input = document.createElement("input");
      input.type = "checkbox";
      input.addEventListener("change", () => {
        draw();
        remember();
      });
      const label = document.createElement("label");
      label.append(input, ...item.childNodes);
      item.append(label);
      return { input, value: item.dataset.value, many: label.querySelector("span") };
    });
    choices.set(name, boxes);
  }

  const said = (row, name) => row.cells[place[name]].textContent.trim();

  function key(row, name, order) {
    const cell = row.cells[place[name]];
    const text = cell.dataset.value ?? cell.textContent.trim();
    if (!text) return null;
    if (order === "number") return [0, Number(text.replace(/,/g, ""))];
    if (order === "page") return page(text.toLowerCase());
    return [0, text];
  }

  function compare(a, b, order) {
    if (order === "number" || order === "page") return a[0] - b[0] || a[1] - b[1];
    return TEXT.compare(a[1], b[1]);
  }

  /* Whether a row has what is ticked, in each column or in all but one. */
  function wanted(row, but) {
    for (const [name, boxes] of choices) {
      const ticked = boxes.filter((box) => box.input.checked);
      if (name !== but && ticked.length && !ticked.some((box) => box.value === said(row, name))) return false;
    }
    return true;
  }

  function draw() {
    const th = heads.find((each) => each.dataset.name === sorted.name);
    for (const each of heads) each.removeAttribute("aria-sort");
    let order = rows;
    if (th) {
      th.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      const kind = th.dataset.order;
      const keyed = rows.map((row) => [key(row, sorted.name, kind), row]);
      // What is not given comes last, whichever way the rows are sorted.
      keyed.sort(([a], [b]) => (!a || !b ? !a - !b : compare(a, b, kind) * (sorted.down ? -1 : 1)));
      order = keyed.map(([, row]) => row);
    }
    body.append(...order);
    let shown = 0;
    for (const row of rows) shown += !(row.hidden = !wanted(row));
    for (const [name, boxes] of choices) {
      const left = rows.filter((row) => wanted(row, name));
      for (const box of boxes) box.many.textContent = left.filter((row) => said(row, name) === box.value).length;
    }
    const by = th ? `, by ${th.textContent.trim()}, ${sorted.down ? "last to first" : "first to last"}` : "";
    status.textContent = `${shown} of ${rows.length} rows shown${by}.`;
  }

  function remember() {
    const state = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
    for (const name of [...state.keys()]) if (name.startsWith(prefix)) state.delete(name);
    for (const [name, boxes] of choices) {
      for (const box of boxes) if (box.input.checked) state.append(prefix + name, box.value);
    }
    if (sorted.name) state.set(`${prefix}sort`, (sorted.down ? "-" : "") + sorted.name);
    history.replaceState(null, "", `#${state}`);
  }

  return {
    restore(state) {
      for (const [name, boxes] of choices) {
        const values = state.getAll(prefix + name);
        for (const box of boxes) box.input.checked = values.includes(box.value);
      }
      const sort = state.get(`${prefix}sort`) || "";
      sorted = { name: sort.replace(/^-/, ""), down: sort.startsWith("-") };
      draw();
    },
  };
}

/* Roman numbers, of the pages before the first chapter, come before arabic ones. */
function page(text) {
  if (!/^[ivxlcdm]+$/.test(text)) return [1, Number.parseInt(text, 10) || 0];
  const values = [...text].map((letter) => ROMAN[letter]);
  return [0, values.reduce((sum, value, at) => sum + (value < values[at + 1] ? -value : value), 0)];
}

tables.forEach((table) => table.restore(new URLSearchParams()));
restore();
window.addEventListener("hashchange", restore);
