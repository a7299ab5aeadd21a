// Table of findings: sorting, pages, rows that open.

const compareText = (column) => (a, b) => {
  const [left, right] = [text(a.row[column]), text(b.row[column])];
  return left < right ? -1 : left > right ? 1 : 0;
};
const FAILED = ["reset-by-server", "reset-by-client", "refused", "unanswered", "unacknowledged"];
/** Failures first, then connections that got stuck or were delayed, then what only a cookie or proxy answered. */
const urgency = ({ row }) => (FAILED.includes(text(row[OUTCOME])) ? 0 : row[CAUSE] === null ? 2 : 1);
const compareUrgency = (a, b) => urgency(a) - urgency(b) || b.count - a.count;

/** An address and port, on one line unless it is a long one. */
const endpoint = (name) => el("span", { class: name.length <= 24 ? "whole" : null }, name);

/** A capture's name below the folder that all have in common, to be broken between folders. */
function path(name) {
  const below = name.startsWith(head.folder) ? name.slice(head.folder.length) : name;
  return el("span", { title: name }, ...below.split(/(?<=\/)/).flatMap((part) => [part, el("wbr")]));
}

const badge = (word) => el("span", { class: `badge ${word}` }, word);
const sure = (row) => (row[SURE] === null ? "–" : `${text(row[SURE])} (${text(row[STRENGTH])})`);

/** A date and a time, broken only between them. */
const moment = (micros) => el("span", {}, ...time(micros, 3).split(" ").flatMap((part) => [" ", el("span", { class: "whole" }, part)]));

/** Columns of a group; the first has the button that opens it. */
const TABLE = [
  { name: COUNTED_HEADING, first: "descending", order: (a, b) => a.count - b.count },
  { name: "Listener", order: compareText(SERVER), cell: ({ row }) => endpoint(text(row[SERVER])) },
  { name: "Verdict", order: compareText(ANSWER), cell: ({ row }) => badge(text(row[ANSWER])) },
  { name: "Outcome", order: compareText(OUTCOME), cell: ({ row }) => text(row[OUTCOME]), kind: "word" },
  { name: "Likely cause", order: compareText(CAUSE), cell: ({ row }) => text(row[CAUSE]) || "–", kind: "word" },
  { name: "Confidence (max)", first: "descending", order: (a, b) => compareSurety(a.strongest, b.strongest), cell: ({ strongest }) => sure(strongest) },
  { name: "First (UTC)", order: (a, b) => a.first - b.first, cell: ({ first }) => moment(first) },
  { name: "Last (UTC)", order: (a, b) => a.last - b.last, cell: ({ last }) => moment(last) },
];

/** Columns of a handshake of an open group. */
const HANDSHAKES = [
  { name: "Time (UTC)" },
  { name: "Client", cell: (row) => endpoint(row[CLIENT]) },
  { name: "Confidence", cell: sure },
  { name: "Capture", cell: (row) => path(text(row[CAPTURE])) },
  { name: "Frame", cell: (row) => String(row[FRAME] || "–"), kind: "number" },
];
const FIRST_HANDSHAKES = 25;
const MORE_HANDSHAKES = 200;

const table = { sort: -1, direction: "descending", page: 0, found: [], open: new Set(), shown: new Map() };

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

/** Filters, sorts, and goes to the first page. Without a choice, failures come first. */
function arrange() {
  const sign = table.direction === "ascending" ? 1 : -1;
  const order = table.sort < 0 ? () => 0 : TABLE[table.sort].order;
  // Equal ones by urgency and time, so that the order is always the same.
  table.found = passingGroups().sort((a, b) => sign * order(a, b) || compareUrgency(a, b) || a.first - b.first || a.listed[0] - b.listed[0]);
  table.page = 0;
  [...$("rows").tHead.rows[0].cells].forEach((cell, column) =>
    column === table.sort ? cell.setAttribute("aria-sort", table.direction) : cell.removeAttribute("aria-sort"));
  const number = table.found.reduce((sum, { count }) => sum + count, 0);
  const said = number === findings ? count(findings, "finding") : `${grouped(number)} of ${count(findings, "finding")}`;
  $("status").textContent = `${said} in ${count(table.found.length, "row")}.`;
  showPage();
}

/** Adds a row that a click anywhere on it opens and closes. `content` makes what it shows when it is open. */
function addRow(body, columns, item, label, id, content) {
  const button = el("button", { type: "button", class: "unfold", "aria-expanded": "false", "aria-controls": id }, label);
  const cells = columns.slice(1).map(({ name, cell, kind }) => el("td", { role: "cell", "data-label": name, class: kind }, cell(item)));
  const tr = el("tr", { role: "row", class: "row" }, el("td", { role: "cell", "data-label": columns[0].name, class: "time" }, button), ...cells);
  const toggle = () => {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    tr.classList.toggle("open", !open);
    table.open[open ? "delete" : "add"](id);
    if (open) tr.nextElementSibling.remove();
    else tr.after(el("tr", { class: "detail", role: "row", id }, el("td", { colspan: String(columns.length), role: "cell" }, content())));
  };
  // Selecting text in a row does not open it.
  tr.addEventListener("click", ({ target }) => (target === button || getSelection().isCollapsed) && toggle());
  body.append(tr);
  if (table.open.has(id)) toggle();
}

function addHandshake(body, index) {
  const row = data.rows[index];
  addRow(body, HANDSHAKES, row, time(row[AT], 3), `finding-${index}`, () => detailOf(index));
}

/** The listed handshakes of a group, the first few of them at first; the details if there is only one. */
function handshakesOf(group) {
  const { key, listed, count: number } = group;
  if (number === 1) return detailOf(listed[0]);
  const byTime = [...listed].sort((a, b) => data.rows[a][AT] - data.rows[b][AT] || a - b);
  const body = el("tbody", { role: "rowgroup" });
  const more = el("button", { type: "button", class: "more" });
  const show = (until) => {
    byTime.slice(body.querySelectorAll(":scope > .row").length, until).forEach((index) => addHandshake(body, index));
    table.shown.set(key, until);
    more.hidden = until >= byTime.length;
    more.textContent = `Show ${grouped(Math.min(MORE_HANDSHAKES, byTime.length - until))} more`;
  };
  show(table.shown.get(key) || FIRST_HANDSHAKES);
  more.addEventListener("click", () => show(table.shown.get(key) + MORE_HANDSHAKES));
  const header = el("tr", { role: "row" }, ...HANDSHAKES.map(({ name }) => el("th", { scope: "col", role: "columnheader" }, name)));
  const note = listed.length < number ? el("p", { class: "lead" }, `This page lists the first ${grouped(listed.length)} of ${grouped(number)} ${COUNTED}; --format jsonl lists all.`) : null;
  return el("div", {}, note, el("table", { class: "findings stack handshakes", role: "table" }, el("thead", { role: "rowgroup" }, header), body), more);
}

function showPage() {
  const size = Number($("page-size").value), pages = Math.max(1, Math.ceil(table.found.length / size));
  table.page = Math.min(Math.max(0, table.page), pages - 1);
  const body = $("rows").tBodies[0];
  body.replaceChildren();
  for (const group of table.found.slice(table.page * size, (table.page + 1) * size)) {
    addRow(body, TABLE, group, grouped(group.count), `group-${allGroups.get(group.key).listed[0]}`, () => handshakesOf(group));
  }
  if (!table.found.length) body.append(el("tr", { role: "row" }, el("td", { colspan: String(TABLE.length), role: "cell" }, findings ? "No finding matches the filters." : "No findings.")));
  $("page").textContent = `Page ${grouped(table.page + 1)} of ${grouped(pages)}`;
  $("pages").hidden = pages === 1 && table.found.length <= 25;
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

