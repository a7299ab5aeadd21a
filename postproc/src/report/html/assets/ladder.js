// Ladder diagram of one handshake: client on the left, server on the right, time from top to bottom.

/** Who sends a packet of each role; either side can send a reset. */
const SENT_BY_CLIENT = { SYN: true, "SYN-ACK": false, ACK: true };

/** The packets with a time, earliest first, and who sent each. */
function steps(row, details) {
  const sent = details.frames.flatMap((packet, index) => (packet && packet[1] !== null ? [[ROLES[index], packet]] : []));
  const resetByClient = text(row[OUTCOME]) === "reset-by-client";
  return sent.sort((a, b) => a[1][1] - b[1][1])
    .map(([role, [frame, since]]) => ({ role, frame, since, fromClient: SENT_BY_CLIENT[role] ?? resetByClient }));
}

const [LEFT, RIGHT, TOP, STEP] = [96, 344, 30, 44];

/** An arrow from one side to the other with its time at the left, and its role and frame above it. */
function arrow({ role, frame, since, fromClient }, values, y) {
  const [from, to] = fromClient ? [LEFT, RIGHT] : [RIGHT, LEFT];
  const back = fromClient ? -8 : 8;
  const kind = role === "RST" ? "reset" : "segment";
  return svg("g", { class: kind },
    svg("text", { x: LEFT - 8, y: y + 4, class: "since" }, since === 0 ? "0" : `${since < 0 ? "−" : "+"}${span(Math.abs(since))}`),
    svg("text", { x: (LEFT + RIGHT) / 2, y: y - 6, class: "what" }, [`${role}, frame ${frame}`, values].filter(Boolean).join(", ")),
    svg("line", { x1: from, y1: y, x2: to + back, y2: y + 10 }),
    svg("path", { d: `M${to} ${y + 10}l${back} -5v10z` }));
}

/** The diagram; nothing if the capture has no times of this handshake. */
function ladderOf(row, details) {
  const packets = steps(row, details);
  if (!packets.length) return null;
  const [window] = details.seen;
  const height = TOP + STEP * packets.length + 24, bottom = height - 20;
  const ends = [[LEFT, "client", row[CLIENT]], [RIGHT, "server", text(row[SERVER])]];
  const said = packets.map(({ role, since, fromClient }) => `${role} from the ${fromClient ? "client" : "server"} side after ${span(since)}`).join(", ");
  return svg("svg", { class: "ladder", viewBox: `0 0 440 ${height}`, role: "img", "aria-label": `Ladder diagram: ${said}; outcome: ${text(row[OUTCOME])}.` },
    ...ends.flatMap(([x, side, name]) => [
      svg("text", { x, y: 14, class: "end" }, side, svg("title", {}, name)),
      svg("line", { x1: x, y1: 20, x2: x, y2: bottom, class: "side" }),
    ]),
    ...packets.map((packet, index) => arrow(packet, packet.role === "SYN-ACK" && window !== null ? `Win=${window}` : "", TOP + 16 + STEP * index)),
    svg("text", { x: (LEFT + RIGHT) / 2, y: height - 6, class: "outcome" }, text(row[OUTCOME])));
}

