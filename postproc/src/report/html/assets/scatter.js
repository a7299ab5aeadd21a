// Evidence over time: one mark for each answered handshake.

const [TIME, LISTENER, VERDICT, LAG, WINDOW, HOPS, LATER_HOPS] = [0, 1, 2, 3, 4, 5, 6];
const LAG_RANGE = [-40, 110];
const COOKIE_LAG = [0, 63];

/** A range that fits the values, with at least `least` beyond them, and little below zero if none is negative. */
function fit(values, least) {
  const low = values.reduce((low, value) => Math.min(low, value), Infinity), high = values.reduce((high, value) => Math.max(high, value), -Infinity);
  const margin = Math.max(least, (high - low) * 0.06);
  return [Math.max(low - margin, low < 0 ? -Infinity : -(high + margin) / 8), high + margin];
}

/** The range of lags that occur and of cookies; a few large lags would make all others equal. */
function fitLags(values) {
  const [low, high] = fit([...values, ...COOKIE_LAG], 5);
  return [Math.max(low, LAG_RANGE[0]), Math.min(high, LAG_RANGE[1])];
}

const SCATTERS = [
  {
    title: "Timestamp lag", axis: "Lag (ms)", unit: " ms", fit: fitLags, values: [LAG], band: COOKIE_LAG,
    caption: "Delay of the SYN-ACK's TCP timestamp behind the server's clock. A Linux SYN cookie stores the client's options in the low six bits of the timestamp. Its lag therefore varies over the shaded range, 0 to 63 ms; ordinary SYN-ACKs are near 0. A mark at the edge is a value outside the range of the chart.",
  },
  {
    title: "Window of the SYN-ACK", axis: "Window (bytes)", unit: " bytes", fit: (values) => fit(values, 500), values: [WINDOW],
    caption: "With a window of 0, the client can connect but cannot send data. A SYN proxy announces a window of 0 until it has reached the server.",
  },
  {
    title: "TTL (IPv4) or hop limit (IPv6)", axis: "TTL or hop limit (hops)", unit: "", fit: (values) => fit(values, 1.5), values: [HOPS, LATER_HOPS],
    caption: "The marks show the SYN-ACKs. If the value of the reset (or, without a reset, of the server's next segment) differs, a vertical line leads to it: two machines answered, or the path changed.",
  },
];

/** Marks of one chart, those beyond the range put on its edge. */
function drawScatter(chart, kind, points, range) {
  const { ctx: context, bbox } = chart;
  const [low, high] = range;
  context.save();
  context.beginPath(); context.rect(bbox.left, bbox.top, bbox.width, bbox.height); context.clip();
  if (kind.band) {
    const [top, bottom] = [kind.band[1], kind.band[0]].map((value) => chart.valToPos(value, "y", true));
    context.fillStyle = colour("band");
    context.fillRect(bbox.left, top, bbox.width, bottom - top);
  }
  const place = (point, value) => [
    chart.valToPos(point[TIME] / 1e6, "x", true),
    chart.valToPos(Math.min(high, Math.max(low, value)), "y", true),
  ];
  // Ordinary answers first, findings on top of them.
  for (const verdict of [3, 0, 1, 2]) {
    const places = points.filter((point) => point[VERDICT] === verdict && point[kind.values[0]] !== null)
      .map((point) => place(point, point[kind.values[0]]));
    drawMarks(context, verdicts[verdict], places, devicePixelRatio);
  }
  if (kind.values[1]) {
    context.strokeStyle = colour("reset");
    context.lineWidth = 1.5 * devicePixelRatio;
    context.beginPath();
    for (const point of points) {
      if (point[kind.values[1]] === null || point[kind.values[1]] === point[kind.values[0]]) continue;
      context.moveTo(...place(point, point[kind.values[0]])); context.lineTo(...place(point, point[kind.values[1]]));
    }
    context.stroke();
  }
  context.restore();
}

/** Whole values that can occur: neither a window nor a TTL is negative. */
const tick = (kind) => (value) => (Number.isInteger(value) && (value >= 0 || kind.band) ? grouped(value).replace("-", "−") : "");

function makeScatter(kind, points, range, width, plot, say) {
  const value = (point) => `${time(point[TIME])}: ${point[kind.values[0]]}${kind.unit} (${verdicts[point[VERDICT]]}, ${point[LISTENER] < 0 ? "other listener" : text(head.listeners[point[LISTENER]].name)})`;
  const options = chartOptions(width, 210, {
    axes: [{ ...title(kind.axis), values: (_, ticks) => ticks.map(tick(kind)) }], y: { range: () => range },
    series: [{}, { paths: () => null, points: { show: false } }],
    hooks: {
      draw: [(chart) => drawScatter(chart, kind, points, range)],
      setCursor: [(chart) => {
        const index = below(chart, 0);
        say(index === null ? "" : value(points[index]));
      }],
    },
  });
  return [new uPlot(options, [points.map((point) => point[TIME] / 1e6), points.map((point) => point[kind.values[0]])], plot)];
}

const middle = (sorted) => sorted[Math.floor(sorted.length / 2)];

/** For each verdict: how many, lowest, middle, highest; and how many in the band. */
function scatterNumbers(kind, points) {
  const rows = verdicts.map((name, verdict) => {
    const values = points.filter((point) => point[VERDICT] === verdict).map((point) => point[kind.values[0]])
      .filter((value) => value !== null).sort((a, b) => a - b);
    const within = kind.band && values.filter((value) => value >= kind.band[0] && value <= kind.band[1]).length;
    const described = values.length ? [values[0], middle(values), values.at(-1)].map((value) => `${value}${kind.unit}`) : ["–", "–", "–"];
    return [name, grouped(values.length), ...described, ...(kind.band ? [grouped(within)] : [])];
  }).filter(([, number]) => number !== "0");
  return numbersTable("Values of the handshakes in the chart.", ["Verdict", "Handshakes", "Minimum", "Median", "Maximum", ...(kind.band ? ["In the shaded range"] : [])], rows);
}

function showScatters() {
  const parent = $("scatters");
  clearCharts(parent);
  const shown = head.points.filter((point) => view.listener < 0 || point[LISTENER] === view.listener);
  for (const kind of SCATTERS) {
    const points = shown.filter((point) => point[kind.values[0]] !== null);
    if (!points.length) continue;
    const said = verdicts.map((name, verdict) => [name, points.filter((point) => point[VERDICT] === verdict).length])
      .filter(([, number]) => number).map(([name, number]) => `${grouped(number)} ${name}`).join(", ");
    const range = kind.fit(points.flatMap((point) => kind.values.map((column) => point[column])).filter((value) => value !== null));
    const [low, high] = [Math.ceil(range[0]), Math.floor(range[1])];
    figure(parent, kind.title, kind.caption, `${kind.title} of ${count(points.length, "handshake")} over time: ${said}. The axis is from ${low} to ${high}.`,
      (width, plot, say) => makeScatter(kind, points, range, width, plot, say), () => scatterNumbers(kind, points));
  }
  const whose = view.listener < 0 ? "" : ` of ${text(head.listeners[view.listener].name)}`;
  $("evidence-lead").textContent = shown.length
    ? `${count(shown.length, "answered handshake")}${whose}${head.points.length < head.answered ? `, a sample of ${grouped(head.answered)}` : ""}${head.shared ? "; those that several captures contain are counted in each" : ""}.`
    : `No answered handshakes${whose}.`;
}

