// Handshakes over time: bars for all listeners together, then for each. Charts one above the other share the time axis.

const FIRST_LISTENERS = 4;
let listenersShown = FIRST_LISTENERS;

/** Counts of a bucket in their order, with their colours; after them comes the longest time in microseconds. */
const COUNTS = [...verdicts.map((name) => [name, name]),
  ["never completed", "lost"], ["reset", "reset"], ["failed otherwise", "otherwise"], ["delayed", "delayed"]];
const VERDICT_COUNTS = verdicts.map((_, place) => place);
const [FAILURE_COUNTS, DELAYED, LONGEST] = [[4, 5, 6], 7, 8];

/** A chart: the title of its axis, starts and width of its bars in microseconds, and the series stacked in it. Series of zeros are left out. */
function chartOf(axis, starts, width, series, unit = "") {
  const drawn = series.filter(({ values }) => values.some((value) => value > 0));
  const tops = drawn.map((_, top) => starts.map((_, row) => drawn.slice(0, top + 1).reduce((sum, { values }) => sum + values[row], 0)));
  return { axis, starts, width, series: drawn, tops, unit };
}

/** The charts of one listener or of all together, without those that would be empty. */
function chartsOf({ width, buckets }, listener, isWhole) {
  const starts = buckets.map(([start]) => start), step = span(width);
  const counted = (places) => places.map((place) => ({ name: COUNTS[place][0], colour: COUNTS[place][1], values: buckets.map(([, values]) => values[place]) }));
  const made = [
    chartOf(`${COUNTED_HEADING} / ${step}`, starts, width, counted(VERDICT_COUNTS)),
    chartOf(`Failed / ${step}`, starts, width, counted(FAILURE_COUNTS)),
  ];
  const flood = head.floods.find(([whose]) => whose === listener);
  if (flood && isWhole) {
    const [, start, second, counts] = flood;
    made.push(chartOf("SYN flood / s", counts.map((_, at) => (start + at * second) * 1e6), second * 1e6,
      [{ name: `SYN flood ${COUNTED} per second`, colour: "flood", values: counts.map((number) => number / second) }]));
  }
  if (isWhole) {
    made.push(chartOf("Longest (ms)", starts, width,
      [{ name: "longest handshake", colour: "delayed", values: buckets.map(([, values]) => values[LONGEST] / 1000) }], " ms"));
  }
  return made.filter(({ series }) => series.length);
}

/** Shades the episodes behind everything else, with the colour of the verdict at the top. */
function drawEpisodes(chart, index) {
  const { ctx: context, bbox } = chart, least = 3 * devicePixelRatio, shade = new Path2D();
  context.save();
  context.beginPath(); context.rect(bbox.left, bbox.top, bbox.width, bbox.height); context.clip();
  const places = head.episodes.filter(([listener]) => index < 0 || listener === index).map(([, verdict, start, end]) => {
    const [from, to] = [start, end].map((micros) => chart.valToPos(micros / 1e6, "x", true));
    return [verdict, Math.min(from, (from + to - least) / 2), Math.max(to - from, least)];
  });
  // One path: where episodes overlap, the shade is not darker.
  places.forEach(([, left, width]) => shade.rect(left, bbox.top, width, bbox.height));
  context.fillStyle = colour("episode");
  context.fill(shade);
  for (const [verdict, left, width] of places) {
    context.fillStyle = colour(verdicts[verdict]);
    context.fillRect(left, bbox.top, width, least);
  }
  context.restore();
}

/** Draws the stacked bars, the tallest sum first. */
function drawBars(chart, { starts, width, series, tops }) {
  const { ctx: context, bbox } = chart;
  context.save();
  context.beginPath(); context.rect(bbox.left, bbox.top, bbox.width, bbox.height); context.clip();
  const base = chart.valToPos(0, "y", true);
  starts.forEach((start, row) => {
    const [left, right] = [start, start + width].map((micros) => chart.valToPos(micros / 1e6, "x", true));
    if (right < bbox.left || left > bbox.left + bbox.width) return;
    const gap = Math.min(1, (right - left) / 5), wide = Math.max(2, right - left - 2 * gap);
    for (let index = series.length - 1; index >= 0; index--) {
      if (!series[index].values[row]) continue;
      const top = chart.valToPos(tops[index][row], "y", true);
      context.fillStyle = colour(series[index].colour);
      context.fillRect(left + gap, top, wide, base - top);
      // Pale on purpose, but not to be overlooked: it gets an edge.
      if (series[index].colour === "undetermined") {
        context.fillStyle = colour("soft");
        context.fillRect(left + gap, top, wide, devicePixelRatio);
      }
    }
  });
  context.restore();
}

const rounded = (value) => (Number.isInteger(value) ? grouped(value) : value.toFixed(1));

/** What the bar below the cursor shows. */
function saidOf({ starts, width, series, unit }, row) {
  const values = series.filter(({ values }) => values[row] > 0).map(({ name, values }) => `${rounded(values[row])}${unit} ${name}`);
  return values.length ? `${time(starts[row], width < 1e6 ? 3 : 0)}: ${values.join(", ")}` : "";
}

function makeBars(made, index, width, plot, say) {
  const parts = made.map(() => "");
  return made.map((bars, at) => {
    const values = (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? grouped(tick) : bars.unit && String(tick)));
    const options = chartOptions(width, at ? 96 : 150, {
      isLowest: at === made.length - 1, axes: [{ values, ...title(bars.axis) }],
      // Counts are whole numbers; times are not.
      y: { range: (_, __, most) => [0, bars.unit && most ? most * 1.06 : Math.max(1, most * 1.06)] },
      series: [{}, ...bars.series.map(() => ({ paths: () => null, points: { show: false } }))],
      hooks: {
        drawAxes: [(chart) => drawEpisodes(chart, index), (chart) => drawBars(chart, bars)],
        setCursor: [(chart) => {
          const row = below(chart, bars.width / 1e6);
          parts[at] = row === null ? "" : saidOf(bars, row);
          say(parts.filter(Boolean).join("; "));
        }],
      },
    });
    return new uPlot(options, [bars.starts.map((start) => (start + bars.width / 2) / 1e6), ...bars.tops], plot);
  });
}

/** Charts with the same bars as a table of at most two dozen rows. */
function barsTable(made) {
  const { starts, width } = made[0], share = Math.max(1, Math.ceil(starts.length / 24));
  const series = made.flatMap(({ series, unit }) => series.map((one) => ({ ...one, unit }))), rows = [];
  for (let at = 0; at < starts.length; at += share) {
    // Of several bars, counts add up, and the longest time is the longest of all.
    const merged = series.map(({ values, unit }) => values.slice(at, at + share).reduce((sum, value) => (unit ? Math.max(sum, value) : sum + value), 0));
    rows.push([time(starts[at], width < 1e6 ? 3 : 0), ...merged.map(rounded)]);
  }
  const names = series.map(({ name, unit }) => `${name[0].toUpperCase()}${name.slice(1)}${unit && ` (${unit.trim()})`}`);
  return numbersTable(`Each row covers the time (UTC) until the next row. A bar of the chart covers ${span(width)}.`, ["From", ...names], rows);
}

function barsTables(made) {
  const groups = [...new Set(made.map(({ starts }) => starts))];
  return el("div", {}, ...groups.map((starts) => barsTable(made.filter((chart) => chart.starts === starts))));
}

/** The numbers of a listener, or of all together, in words. */
function sumsOf({ buckets }, listener) {
  const sums = COUNTS.map((_, place) => buckets.reduce((sum, [, values]) => sum + values[place], 0));
  const said = COUNTS.flatMap(([name], place) => (sums[place] ? [`${grouped(sums[place])} ${name}`] : []));
  const episodes = head.episodes.filter(([whose]) => listener < 0 || whose === listener).length;
  if (episodes) said.push(count(episodes, "episode"));
  const flood = head.floods.find(([whose]) => whose === listener);
  if (flood) said.push(`a SYN flood of ${count(flood[3].reduce((sum, number) => sum + number, 0), COUNTED.slice(0, -1))}`);
  const longest = Math.max(...buckets.map(([, values]) => values[LONGEST]));
  if (longest > 0) said.push(`longest handshake ${span(longest)}`);
  return said.join(", ");
}

function addBars(parent, line, index, name, isWhole) {
  if (!line.buckets.length) return;
  const made = chartsOf(line, index, isWhole), said = sumsOf(line, index);
  if (!made.length) return;
  const label = `${name} over time, from ${time(line.buckets[0][0], 0)} to ${time(line.buckets.at(-1)[0], 0)} UTC: ${said}. Charts: ${made.map(({ axis }) => axis).join(", ")}.`;
  figure(parent, name, `${said}. A bar covers ${span(line.width)}.`, label,
    (width, plot, say) => makeBars(made, index, width, plot, say), () => barsTables(made));
}

function showTimelines() {
  const parent = $("timelines");
  clearCharts(parent);
  const all = head.listeners.map((listener, index) => [listener, index]).filter(([listener]) => listener.buckets.length);
  const isOne = view.listener >= 0 || all.length === 1, one = view.listener < 0 ? 0 : view.listener;
  addBars(parent, isOne ? head.listeners[one] : head.all, isOne ? one : -1, isOne ? text(head.listeners[one].name) : "All listeners", true);
  if (!isOne) all.slice(0, listenersShown).forEach(([listener, index]) => addBars(parent, listener, index, text(listener.name), false));
  $("more-timelines").hidden = isOne || all.length <= listenersShown;
}
