// Shared by all charts: colours of the theme, marks that differ in shape too, axes, zoom, size, and the data table.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** The outline of a verdict's mark around (x, y): colour is never the only difference. */
function mark(path, name, x, y, r) {
  if (name === "syn-cookie") {
    path.moveTo(x, y - r * 1.35); path.lineTo(x + r * 1.35, y); path.lineTo(x, y + r * 1.35); path.lineTo(x - r * 1.35, y);
    path.closePath();
  } else if (name === "syn-proxy") {
    path.rect(x - r, y - r, 2 * r, 2 * r);
  } else if (name === "ordinary") {
    path.moveTo(x + r, y); path.arc(x, y, r, 0, 2 * Math.PI);
  } else {
    path.moveTo(x - r, y - r); path.lineTo(x + r, y + r); path.moveTo(x - r, y + r); path.lineTo(x + r, y - r);
  }
}

/** Draws marks of one verdict in one go. */
function drawMarks(context, name, places, ratio) {
  const path = new Path2D();
  places.forEach(([x, y]) => mark(path, name, x, y, 3.2 * ratio));
  context.lineWidth = 1.2 * ratio;
  context.strokeStyle = context.fillStyle = colour(name === "undetermined" ? "soft" : name);
  if (name === "syn-cookie" || name === "syn-proxy") {
    context.globalAlpha = 0.75;
    context.fill(path);
    context.globalAlpha = 1;
  }
  context.stroke(path);
}

/** Outlines of the marks in a legend, as `mark` draws them in a chart. */
const OUTLINES = { "syn-cookie": "M26 1L31 6L26 11L21 6Z", "syn-proxy": "M22 2H30V10H22Z", ordinary: "M22 6a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z", undetermined: "M22 2L30 10M30 2L22 10" };

/** What a chart draws for a name: a bar, and for a verdict the mark of the charts of evidence. */
function swatch(name) {
  const bar = svg("rect", { x: "1", y: "1", width: "16", height: "10" }), outline = OUTLINES[name];
  bar.style.setProperty("fill", `var(--${name})`);
  bar.style.setProperty("stroke", "var(--soft)");
  const shapes = outline ? [bar, svg("path", { d: outline })] : [bar];
  shapes[1]?.style.setProperty("stroke", `var(--${name === "undetermined" ? "soft" : name})`);
  shapes[1]?.style.setProperty("fill", name.startsWith("syn-") ? `var(--${name})` : "none");
  return svg("svg", { width: outline ? "32" : "18", height: "12", "aria-hidden": "true" }, ...shapes);
}

const charts = [];

/** The time axis of all charts in seconds: the span that is looked at, otherwise that of all bars, with a margin. */
function timeRange() {
  const { width, buckets } = shownLine(), ends = [buckets[0][0], buckets.at(-1)[0] + width];
  for (const [listener, start, step, counts] of head.floods) {
    if (listener === view.listener) ends.push(start * 1e6, (start + step * counts.length) * 1e6);
  }
  const from = view.from === -Infinity ? Math.min(...ends) : view.from, to = view.to === Infinity ? Math.max(...ends) : view.to;
  const margin = Math.max(1000, (to - from) * 0.02);
  return [(from - margin) / 1e6, (to + margin) / 1e6];
}

/** Handshakes over time of what is looked at; of all if the page has none of this listener. */
const shownLine = () => (head.listeners[view.listener]?.buckets.length ? head.listeners[view.listener] : head.all);

/** Brings all charts to the span that is looked at. */
function zoom() {
  const [min, max] = timeRange();
  charts.forEach(({ made }) => made.forEach((chart) => chart.setScale("x", { min, max })));
}

/** Looks at the span that was selected in one chart. */
function select(chart) {
  const { left, width } = chart.select;
  if (width < 4) return;
  const [from, to] = [left, left + width].map((place) => Math.round(chart.posToVal(place, "x") * 1e6));
  chart.setSelect({ left: 0, width: 0 }, false);
  look({ from, to });
}

/** Ticks of the time axis: least step in seconds, format, and the second line of the label where the day changes. */
const TICKS = [
  [864e2, "{YYYY}-{MM}-{DD}", null], [60, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}"], [1, "{HH}:{mm}:{ss}", "\n{YYYY}-{MM}-{DD}"],
  [0.001, ":{ss}.{fff}", "\n{YYYY}-{MM}-{DD} {HH}:{mm}"],
].map(([step, usual, below]) => [step, usual, below, null, below, null, step < 1 ? "\n{HH}:{mm}" : null, null, 1]);

/** Pixels beside the plot: half a date, which the last tick may have. */
const BESIDE = 38;

/** The title of an axis, with its unit. */
const title = (label) => ({ label, labelSize: 18, labelFont: "11px system-ui, sans-serif" });

/** Writes the span of the time axis in seconds, which is drawn as pixels, where programs can read it. */
function noteRange({ root, scales }, key) {
  if (key === "x") root.dataset.range = `${scales.x.min} ${scales.x.max}`;
}

/** Number of the value that is close to the cursor, in a bar of this many seconds. */
function below(chart, seconds) {
  const { idx, left } = chart.cursor;
  if (idx === null || left < 0) return null;
  const at = chart.data[0][idx], reach = Math.max(8, chart.valToPos(at + seconds / 2, "x") - chart.valToPos(at, "x"));
  return Math.abs(chart.valToPos(at, "x") - left) <= reach ? idx : null;
}

/** Options that every chart has: one time axis, and a cursor and a zoom that all share. Only the lowest of several has labels below it. */
function chartOptions(width, height, { isLowest = true, hooks, y, ...extra }) {
  const axis = { stroke: colour("soft"), grid: { stroke: colour("grid"), width: 1 }, ticks: { stroke: colour("line"), width: 1 } };
  const below = isLowest ? { ...title("Time (UTC)"), values: TICKS } : { values: (_, ticks) => ticks.map(() => ""), size: 6, ticks: { show: false } };
  return {
    width, height: isLowest ? height + 50 : height, padding: [8, BESIDE, 0, 0], legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    cursor: {
      drag: { x: true, y: false, setScale: false }, points: { show: false },
      sync: { key: "time", setSeries: false, scales: ["x", null], filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
    },
    ...extra, scales: { x: { time: true, range: timeRange }, y },
    axes: [{ ...axis, ...below }, { ...axis, size: 62, ...extra.axes[0] }],
    hooks: { ...hooks, setSelect: [select], setScale: [noteRange], ready: [(chart) => chart.over.addEventListener("dblclick", lookAtAllTimes)] },
  };
}

/** A figure whose charts are made by `make(width, plot, say)`, made again when colours or width change. `say` shows what is below the cursor. */
function figure(parent, title, caption, label, make, numbers) {
  const plot = el("div", { class: "plot", role: "img", "aria-label": label }), readout = el("p", { class: "readout", "aria-hidden": "true" });
  const details = el("details", {}, el("summary", {}, "Data table"));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(el("div", { class: "scroll" }, numbers()));
  });
  const box = el("figure", {}, el("h3", {}, title), caption ? el("figcaption", {}, caption) : null, plot, readout, details);
  parent.append(box);
  const chart = { plot, made: [] };
  chart.make = (width) => {
    chart.made.forEach((made) => made.destroy());
    chart.made = make(Math.max(220, width || plot.clientWidth), plot, (said) => (readout.textContent = said));
  };
  charts.push(chart);
  chart.make();
}

/** Removes all charts of a container. */
function clearCharts(parent) {
  for (let index = charts.length - 1; index >= 0; index--) {
    if (parent.contains(charts[index].plot)) {
      charts[index].made.forEach((made) => made.destroy());
      charts.splice(index, 1);
    }
  }
  parent.replaceChildren();
}

const redraw = (width) => charts.forEach((chart) => chart.make(width));

/** The values of a chart as a table. */
function numbersTable(caption, header, rows) {
  const cell = (value, index) => (index ? el("td", { "data-label": header[index], class: String(value) === "0" && "zero" }, String(value)) : el("th", { scope: "row" }, String(value)));
  return el("table", { class: "numbers cards" }, el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...header.map((name, index) => el("th", { scope: "col", class: index ? null : "text" }, name)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map(cell)))));
}

