// Shared by all charts: colours of the theme, marks that differ in shape too, axes, size, and the data table.

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

/** A swatch for a legend, drawn as the chart draws it. */
function swatch(name, kind) {
  const shape = kind === "line"
    ? svg("path", { d: "M0 9L9 3L18 8", "stroke-width": "2", ...(name === "lost" ? { "stroke-dasharray": "4 2" } : {}) })
    : svg("rect", { x: "1", y: "1", width: "16", height: "10" });
  shape.style.setProperty(kind === "line" ? "stroke" : "fill", `var(--${name})`);
  shape.style.setProperty(kind === "line" ? "fill" : "stroke", kind === "line" ? "none" : "var(--soft)");
  return svg("svg", { width: "18", height: "12", "aria-hidden": "true" }, shape);
}

const charts = [];

/** Ticks of the time axis: least step in seconds, format, and the second line of the label where the day changes. */
const TICKS = [
  [864e2, "{YYYY}-{MM}-{DD}", null], [60, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}"], [1, "{HH}:{mm}:{ss}", "\n{YYYY}-{MM}-{DD}"],
  [0.001, ":{ss}.{fff}", "\n{YYYY}-{MM}-{DD} {HH}:{mm}"],
].map(([step, usual, below]) => [step, usual, below, null, below, null, step < 1 ? below : null, null, 1]);

/** The title of an axis, with its unit. */
const title = (label) => ({ label, labelSize: 20, labelFont: "12px system-ui, sans-serif" });

/** Options that every chart has. */
function chartOptions(width, height, extra) {
  const axis = { stroke: colour("soft"), grid: { stroke: colour("grid"), width: 1 }, ticks: { stroke: colour("line"), width: 1 } };
  return {
    width, height, tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    padding: [10, 14, 0, 0], ...extra,
    axes: [{ ...axis, ...title("Time (UTC)"), values: TICKS, ...extra.axes[0] }, { ...axis, size: 62, ...extra.axes[1] }, ...extra.axes.slice(2).map((other) => ({ ...axis, ...other }))],
  };
}

/** A figure whose chart is made by `make(width)`, made again when colours or width change. */
function figure(parent, title, caption, label, make, numbers) {
  const plot = el("div", { class: "plot", role: "img", "aria-label": label });
  const details = el("details", {}, el("summary", {}, "Data table"));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(el("div", { class: "scroll" }, numbers()));
  });
  const box = el("figure", {}, el("h3", {}, title), caption ? el("figcaption", {}, caption) : null, plot, details);
  parent.append(box);
  const chart = { plot, made: null };
  chart.make = (width) => {
    chart.made?.destroy();
    chart.made = make(Math.max(220, width || plot.clientWidth), plot);
  };
  charts.push(chart);
  chart.make();
}

/** Removes all charts of a container. */
function clearCharts(parent) {
  for (let index = charts.length - 1; index >= 0; index--) {
    if (parent.contains(charts[index].plot)) {
      charts[index].made?.destroy();
      charts.splice(index, 1);
    }
  }
  parent.replaceChildren();
}

const redraw = (width) => charts.forEach((chart) => chart.make(width));

/** The values of a chart as a table. */
function numbersTable(caption, header, rows) {
  const cell = (value, index) => (index ? el("td", {}, String(value)) : el("th", { scope: "row" }, String(value)));
  return el("table", { class: "numbers" }, el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...header.map((name, index) => el("th", { scope: "col", class: index ? null : "text" }, name)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map(cell)))));
}

