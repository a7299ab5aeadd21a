// Handshakes of each listener over time.

const FIRST_TIMELINES = 4;
let timelinesShown = FIRST_TIMELINES;
const LOST = verdicts.length;
const RESET = LOST + 1;

/** Buckets as columns: [seconds…], then verdicts stacked, then lost and reset; empty buckets beside full ones are zero. */
function columns({ width, buckets }) {
  const full = new Map(buckets);
  const starts = new Set();
  buckets.forEach(([start]) => [start - width, start, start + width].forEach((at) => starts.add(at)));
  const sorted = [...starts].sort((a, b) => a - b);
  const none = new Array(RESET + 1).fill(0);
  const counts = sorted.map((start) => full.get(start) || none);
  const stacked = verdicts.map((_, top) => counts.map((row) => row.slice(0, top + 1).reduce((sum, n) => sum + n, 0)));
  return { sorted, counts, chart: [sorted.map((start) => (start + width / 2) / 1e6), ...stacked,
    counts.map((row) => row[LOST]), counts.map((row) => row[RESET])] };
}

/** Shades the episodes behind everything else. */
function drawEpisodes(chart, index) {
  const { ctx: context, bbox } = chart;
  context.save();
  context.beginPath(); context.rect(bbox.left, bbox.top, bbox.width, bbox.height); context.clip();
  for (const [listener, verdict, start, end] of head.episodes) {
    if (listener !== index) continue;
    const [from, to] = [start, end].map((micros) => chart.valToPos(micros / 1e6, "x", true));
    const least = 3 * devicePixelRatio;
    const left = Math.min(from, (from + to - least) / 2), width = Math.max(to - from, least);
    context.fillStyle = colour("episode");
    context.fillRect(left, bbox.top, width, bbox.height);
    context.fillStyle = colour(verdicts[verdict]);
    context.fillRect(left, bbox.top, width, 3 * devicePixelRatio);
  }
  context.restore();
}

/** Draws the stacked bars, the tallest sum first. */
function drawBars(chart, columns, width) {
  const { ctx: context, bbox } = chart;
  context.save();
  context.beginPath(); context.rect(bbox.left, bbox.top, bbox.width, bbox.height); context.clip();
  const base = chart.valToPos(0, "y", true);
  columns.sorted.forEach((start, row) => {
    const left = chart.valToPos(start / 1e6, "x", true);
    const right = chart.valToPos((start + width) / 1e6, "x", true);
    if (right < bbox.left || left > bbox.left + bbox.width) return;
    const gap = Math.min(1, (right - left) / 5);
    for (let verdict = verdicts.length - 1; verdict >= 0; verdict--) {
      if (!columns.counts[row][verdict]) continue;
      const top = chart.valToPos(chart.data[verdict + 1][row], "y", true);
      context.fillStyle = colour(verdicts[verdict]);
      const width = Math.max(1, right - left - 2 * gap);
      context.fillRect(left + gap, top, width, base - top);
      // Pale on purpose, but not to be overlooked: it gets an edge.
      if (verdicts[verdict] === "undetermined") {
        context.fillStyle = colour("soft");
        context.fillRect(left + gap, top, width, devicePixelRatio);
      }
    }
  });
  context.restore();
}

function makeTimeline(listener, index, columns, width, plot) {
  const step = span(listener.width);
  const series = [{ label: "UTC", value: (_, seconds) => (seconds === null ? "–" : time(Math.round(seconds * 1e6 - listener.width / 2), listener.width < 1e6 ? 3 : 0)) }];
  verdicts.forEach((name, verdict) => series.push({
    label: name, stroke: colour(name), fill: colour(name), paths: () => null, points: { show: false },
    value: (chart, _, __, row) => (row === null ? "–" : grouped(columns.counts[row][verdict])),
  }));
  const line = (label, name, dash, scale) => series.push({ label, scale, stroke: colour(name), width: 1.75, dash, points: { show: true, size: 5, fill: colour(name), filter: (chart, of) => chart.data[of].flatMap((n, row) => (n ? [row] : [])) } });
  // A series of zeros has neither a line nor an axis.
  const [hasLost, hasResets] = [LOST, RESET].map((column) => columns.counts.some((row) => row[column] > 0));
  if (hasLost) line("handshakes that never completed", "lost", [5, 3], "y");
  if (hasResets) line("resets (right)", "reset", [], "resets");
  const chart = [...columns.chart.slice(0, LOST + 1), ...(hasLost ? [columns.chart[LOST + 1]] : []), ...(hasResets ? [columns.chart[RESET + 1]] : [])];
  const whole = (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? grouped(tick) : ""));
  const fromZero = { range: (_, __, most) => [0, Math.max(1, most * 1.06)] };
  // Resets are few beside a flood, and matter more: they have an axis of their own.
  const resets = { values: whole, ...title(`Resets per ${step}`), scale: "resets", side: 1, size: 44, stroke: colour("reset"), grid: { show: false } };
  const options = chartOptions(width, 240, {
    series, axes: [{}, { values: whole, ...title(`Handshakes per ${step}`) }, ...(hasResets ? [resets] : [])],
    cursor: { drag: { x: true, y: false } }, legend: { live: true, markers: { width: 2 } },
    scales: { x: { time: true }, y: fromZero, ...(hasResets ? { resets: fromZero } : {}) },
    hooks: { drawAxes: [(chart) => drawEpisodes(chart, index), (chart) => drawBars(chart, columns, listener.width)] },
  });
  return new uPlot(options, chart, plot);
}

/** The chart as a table of at most two dozen rows. */
function timelineNumbers(listener, columns) {
  const rows = columns.sorted.map((start, index) => [start, ...columns.counts[index]]).filter((row) => row.slice(1).some(Boolean));
  const share = Math.max(1, Math.ceil(rows.length / 24));
  const merged = [];
  for (let at = 0; at < rows.length; at += share) {
    const part = rows.slice(at, at + share);
    const sums = part[0].slice(1).map((_, column) => part.reduce((sum, row) => sum + row[column + 1], 0));
    merged.push([time(part[0][0], listener.width < 1e6 ? 3 : 0), ...sums.map(grouped)]);
  }
  return numbersTable(`Each row covers the time (UTC) until the next row. A bar of the chart covers ${span(listener.width)}.`,
    ["From", ...verdicts, "handshakes that never completed", "resets"].map((name, at) => (at ? `${name[0].toUpperCase()}${name.slice(1)}` : name)), merged);
}

function showTimelines() {
  const parent = $("timelines");
  clearCharts(parent);
  const all = head.listeners.map((listener, index) => [listener, index]).filter(([listener]) => listener.buckets.length);
  const wanted = view.listener < 0 ? all.slice(0, timelinesShown) : all.filter(([, index]) => index === view.listener);
  for (const [listener, index] of wanted) {
    const name = text(listener.name), bars = columns(listener);
    const episodes = head.episodes.filter((episode) => episode[0] === index).length;
    const sums = bars.counts.reduce((sum, row) => sum.map((n, column) => n + row[column]), new Array(RESET + 1).fill(0));
    const said = [...verdicts.map((verdict, at) => `${grouped(sums[at])} ${verdict}`),
      `${count(sums[LOST], "handshake")} that never completed`, count(sums[RESET], "reset"), count(episodes, "episode")].join(", ");
    const label = `Handshakes of ${name} over time, from ${time(listener.buckets[0][0], 0)} to ${time(listener.buckets.at(-1)[0], 0)} UTC: ${said}.`;
    figure(parent, name, `${said}. A bar covers ${span(listener.width)}.`, label,
      (width, plot) => makeTimeline(listener, index, bars, width, plot), () => timelineNumbers(listener, bars));
  }
  $("more-timelines").hidden = view.listener >= 0 || all.length <= timelinesShown;
}

