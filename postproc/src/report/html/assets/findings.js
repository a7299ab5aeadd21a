// Table of findings: sorting, pages, rows that open.

const compareText = (column) => (a, b) => {
  const [left, right] = [text(a[column]), text(b[column])];
  return left < right ? -1 : left > right ? 1 : 0;
};
const compareNumber = (column) => (a, b) => a[column] - b[column];
/** Cookie-style before ordinary, then by confidence and log-odds. */
const compareSurety = (a, b) =>
  text(a[ANSWER]).startsWith("syn-") - text(b[ANSWER]).startsWith("syn-") ||
  CONFIDENCES.indexOf(text(a[SURE])) - CONFIDENCES.indexOf(text(b[SURE])) || (a[ODDS] || 0) - (b[ODDS] || 0);

/** An address and port, on one line unless it is a long one. */
const endpoint = (name) => el("span", { class: name.length <= 24 ? "whole" : null }, name);

/** A capture's name below the folder that all have in common, to be broken between folders. */
function path(name) {
  const below = name.startsWith(head.folder) ? name.slice(head.folder.length) : name;
  return el("span", { title: name }, ...below.split(/(?<=\/)/).flatMap((part) => [part, el("wbr")]));
}

const TABLE = [
  { name: "Time (UTC)", order: compareNumber(AT) },
  { name: "Listener", order: compareText(SERVER), cell: (row) => endpoint(text(row[SERVER])) },
  { name: "Client", order: compareText(CLIENT), cell: (row) => endpoint(row[CLIENT]) },
  { name: "Verdict", order: compareText(ANSWER), cell: (row) => el("span", { class: `badge ${text(row[ANSWER])}` }, text(row[ANSWER])) },
  { name: "Confidence", order: compareSurety, first: "descending", cell: (row) => (row[SURE] === null ? "–" : `${text(row[SURE])} (${text(row[STRENGTH])})`) },
  { name: "Outcome", order: compareText(OUTCOME), cell: (row) => text(row[OUTCOME]) },
  { name: "Likely cause", order: compareText(CAUSE), cell: (row) => text(row[CAUSE]) || "–" },
  { name: "Capture", order: compareText(CAPTURE), cell: (row) => path(text(row[CAPTURE])) },
  { name: "Frame", order: compareNumber(FRAME), cell: (row) => String(row[FRAME] || "–") },
];

const table = { sort: 4, direction: "descending", page: 0, found: [], open: new Set() };

function header() {
  const cells = TABLE.map(({ name, first }, column) => {
    const button = el("button", { type: "button" }, name);
    button.addEventListener("click", () => {
      const start = first || "ascending";
      const turned = table.direction === "ascending" ? "descending" : "ascending";
      table.direction = table.sort === column ? turned : start;
      table.sort = column;
      arrange();
    });
    return el("th", { scope: "col", role: "columnheader" }, button);
  });
  $("rows").tHead.replaceChildren(el("tr", { role: "row" }, ...cells));
}

/** Filters, sorts, and goes to the first page. */
function arrange() {
  const sign = table.direction === "ascending" ? 1 : -1;
  const { order } = TABLE[table.sort];
  // Equal ones by time, so that the order is always the same.
  table.found = passing().sort((a, b) => sign * order(data.rows[a], data.rows[b]) || data.rows[a][AT] - data.rows[b][AT] || a - b);
  table.page = 0;
  [...$("rows").tHead.rows[0].cells].forEach((cell, column) =>
    column === table.sort ? cell.setAttribute("aria-sort", table.direction) : cell.removeAttribute("aria-sort"));
  const all = data.rows.length, number = table.found.length;
  $("status").textContent = number === all ? `${count(all, "finding")}.` : `${grouped(number)} of ${count(all, "finding")}.`;
  showPage();
}

function unfold(tr, index, button) {
  const open = button.getAttribute("aria-expanded") === "true";
  button.setAttribute("aria-expanded", String(!open));
  tr.classList.toggle("open", !open);
  if (open) {
    table.open.delete(index);
    tr.nextElementSibling.remove();
  } else {
    table.open.add(index);
    tr.after(el("tr", { class: "detail", role: "row", id: `finding-${index}` },
      el("td", { colspan: String(TABLE.length), role: "cell" }, detailOf(index))));
  }
}

function rowOf(index) {
  const row = data.rows[index];
  const button = el("button", { type: "button", class: "unfold", "aria-expanded": "false", "aria-controls": `finding-${index}` }, time(row[AT], 3));
  const cells = TABLE.slice(1).map(({ name, cell }) =>
    el("td", { role: "cell", "data-label": name, class: name === "Frame" ? "number" : null }, cell(row)));
  const tr = el("tr", { role: "row" }, el("td", { role: "cell", class: "time" }, button), ...cells);
  button.addEventListener("click", () => unfold(tr, index, button));
  return [tr, button];
}

function showPage() {
  const size = Number($("page-size").value), pages = Math.max(1, Math.ceil(table.found.length / size));
  table.page = Math.min(Math.max(0, table.page), pages - 1);
  const body = $("rows").tBodies[0];
  body.replaceChildren();
  for (const index of table.found.slice(table.page * size, (table.page + 1) * size)) {
    const [tr, button] = rowOf(index);
    body.append(tr);
    if (table.open.has(index)) unfold(tr, index, button);
  }
  if (!table.found.length) body.append(el("tr", { role: "row" }, el("td", { colspan: String(TABLE.length), role: "cell" }, "No finding matches the filters.")));
  $("page").textContent = `Page ${grouped(table.page + 1)} of ${grouped(pages)}`;
  for (const button of $("pages").querySelectorAll("button")) {
    const back = ["first", "previous"].includes(button.dataset.page);
    button.disabled = back ? table.page === 0 : table.page === pages - 1;
  }
}

function turnPage(where) {
  const moves = { first: 0, previous: table.page - 1, next: table.page + 1, last: Infinity };
  table.page = moves[where];
  showPage();
}

