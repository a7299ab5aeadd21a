// Content of an open row: packets, filters for Wireshark, evidence, causes with their checks.

const ROLES = ["SYN", "SYN-ACK", "ACK", "RST"];
let detailLines = null;

/** The details of finding number `index`: parsed when asked for, there may be thousands. */
function detailsOf(index) {
  detailLines ??= $("details").textContent.split("\n");
  const [frames, seen, evidence, terms, causes, missing] = JSON.parse(detailLines[index]);
  return { frames, seen, evidence, terms, causes, missing };
}

/** Filters that find this handshake. The first two work without the plugin. */
function filtersOf(row, details) {
  const split = (endpoint) => {
    const at = endpoint.lastIndexOf(":");
    return [endpoint.slice(0, at).replace(/^\[|\]$/g, ""), endpoint.slice(at + 1)];
  };
  const [client, clientPort] = split(row[CLIENT]), [server, serverPort] = split(text(row[SERVER]));
  const ip = client.includes(":") ? "ipv6" : "ip";
  const filters = [["Connection",
    `(${ip}.addr eq ${client} and ${ip}.addr eq ${server}) and (tcp.port eq ${clientPort} and tcp.port eq ${serverPort})`]];
  const frames = details.frames.filter((packet) => packet && packet[2] === null).map((packet) => packet[0]);
  if (frames.length) filters.push(["These frames", `frame.number in {${[...new Set(frames)].join(", ")}}`]);
  const synAck = details.frames[1];
  if (synAck && synAck[2] === null) filters.push(["With the plugin", `syncookie.syn_ack_frame == ${synAck[0]}`]);
  return filters;
}

function packetsTable(details, isIpv6) {
  const hopsName = isIpv6 ? "hop limit" : "TTL";
  const [window, mss, hops, laterHops] = details.seen;
  const seen = {
    "SYN-ACK": [window !== null && `Win=${window}`, mss !== null && `MSS=${mss}`, hops !== null && `${hopsName} ${hops}`],
    RST: [laterHops !== null && `${hopsName} ${laterHops}`],
  };
  const rows = details.frames.map((packet, role) => {
    if (!packet) return el("tr", {}, el("th", { scope: "row" }, ROLES[role]), el("td", { colspan: "3" }, role === 3 ? "none" : "not seen"));
    const since = packet[1] === null ? "" : packet[1] === 0 ? "0" : `+${span(packet[1])}`.replace("+-", "−");
    const where = packet[2] === null ? "" : `in ${text(packet[2])}`;
    const values = (seen[ROLES[role]] || []).filter(Boolean).join(" ");
    return el("tr", {}, el("th", { scope: "row" }, ROLES[role]), el("td", { class: "number" }, `${packet[0]}`),
      el("td", { class: "whole" }, since), el("td", {}, [values, where].filter(Boolean).join("; ")));
  });
  return el("table", {}, el("thead", {}, el("tr", {}, ...["Packet", "Frame", "Time", "Values"].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...rows));
}

const list = (items) => el("ul", {}, ...items.map((item) => el("li", {}, ...(Array.isArray(item) ? item : [item]))));

function evidenceList(details) {
  // Evidence at even odds has no strength and favours nothing; only the sum has it.
  const listed = details.evidence.filter(([, , strength]) => strength !== null);
  if (!listed.length) return el("p", {}, "None. The handshake is listed because of its outcome.");
  return list(listed.map(([kind, bearing, strength, , detail, frames]) => [
    phrase(detail), " ",
    el("span", { class: "weight" }, [`${text(kind)}: ${text(strength)} ${text(bearing)}`,
      ...(frames.length ? [`frame${frames.length > 1 ? "s" : ""} ${frames.join(", ")}`] : [])].join("; ")),
  ]));
}

/** The terms of the log-odds, which add up to the total. */
function sumOf(row, details) {
  if (!details.terms) return null;
  const [runnerUp, prior, listener, cap] = details.terms;
  const terms = [["Prior: SYN cookies and SYN proxies are rare", prior], ["Other handshakes of this listener (listener-context)", listener],
    ...details.evidence.map(([kind, , , contribution]) => [text(kind), contribution]), ["Limit on the sum of related evidence", cap]];
  const signed = (nats) => `${nats < 0 ? "−" : "+"}${Math.abs(nats).toFixed(2)}`;
  const rows = terms.filter(([, nats]) => nats !== 0).map(([name, nats]) => [name, signed(nats)]);
  return el("details", {}, el("summary", {}, "How the log-odds add up"),
    numbersTable(`Log-odds of ${text(row[ANSWER])} against ${text(runnerUp)} in nats, the natural logarithm of the odds.`,
      ["Term", "Nats"], [...rows, [`Total: ${text(row[STRENGTH])}`, row[ODDS].toFixed(2)]]));
}

function causeBox([kind, supporting, against, unseen, ruledOut, check], rank) {
  const said = (label, sentences) => sentences.map((sentence) => `${label}: ${phrase(sentence)}`);
  return el("div", { class: "cause" },
    el("p", {}, el("strong", {}, `${rank + 1}. ${text(kind)}`), `: ${head.causes[text(kind)] || ""}${ruledOut ? " (ruled out)" : ""}`),
    list([...said("for", supporting), ...said("against", against), ...said("not observable", unseen)]),
    el("p", {}, "To check:"), el("pre", {}, el("code", {}, ...kept(phrase(check)))));
}

/** The first two, and the others to be unfolded. */
function causesList({ causes }) {
  const boxes = causes.map((cause) => JSON.parse(text(cause))).map(causeBox), others = boxes.splice(2);
  if (others.length) boxes.push(el("details", {}, el("summary", {}, `${count(others.length, "less likely cause")}`), ...others));
  return boxes;
}

/** Everything about one finding. */
function detailOf(index) {
  const row = data.rows[index], details = detailsOf(index);
  const about = text(row[LIKE]) ? `Implementations that fit (not an identification): ${text(row[LIKE])}.` : null;
  return el("div", {},
    el("h4", {}, "Show it in Wireshark (display filters)"),
    ...filtersOf(row, details).map(([label, filter]) => filterLine(label, filter)),
    el("div", { class: "parts" },
      el("div", {}, el("h4", {}, "Packets"), el("p", {}, `${row[CLIENT]} to ${text(row[SERVER])}, ${time(row[AT])} UTC, in `, el("code", {}, text(row[CAPTURE]))), ladderOf(row, details), packetsTable(details, row[CLIENT].startsWith("[")), about ? el("p", {}, about) : null),
      el("div", {}, el("h4", {}, "Evidence, strongest first"), evidenceList(details), sumOf(row, details),
        ...(details.missing.length ? [el("h4", {}, "Not in the capture"), list(details.missing.map(phrase))] : []))),
    ...(details.causes.length ? [el("h4", {}, "Possible causes, most likely first"), ...causesList(details)] : []));
}

