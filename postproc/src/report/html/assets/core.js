// What the page holds, and how values are written.

const data = JSON.parse(document.getElementById("data").textContent);
const head = data.head;
/** What is counted, and the heading of its column: a handshake that several captures contain counts once, as a connection. */
const [COUNTED, COUNTED_HEADING] = head.shared ? ["connections", "Connections"] : ["handshakes", "Handshakes"];
const verdicts = head.verdicts;

const $ = (id) => document.getElementById(id);

/** An element. Text is always set as text, never as markup. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** An element of a drawing. */
function svg(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  element.append(...children);
  return element;
}

/** A text by its number, or itself. */
const text = (entry) => (typeof entry === "string" ? entry : entry === null ? "" : data.texts[entry]);

/** A sentence: an entry with numbers in its gaps, or without any. */
function phrase(entry) {
  if (!Array.isArray(entry)) return text(entry);
  let next = 0;
  return text(entry[0]).replace(/\u0001/g, () => entry[1][next++]);
}

const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
const count = (number, noun) => `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;

/** `2026-11-22 06:57:26.136738`, from microseconds since 1970. */
function time(micros, digits = 6) {
  const second = Math.floor(micros / 1e6);
  const rest = String(micros - second * 1e6).padStart(6, "0").slice(0, digits);
  const date = new Date(second * 1000);
  if (Number.isNaN(date.getTime())) return String(micros);
  return date.toISOString().slice(0, 19).replace("T", " ") + (digits ? "." + rest : "");
}

/** A span of time in the unit that fits. */
function span(micros) {
  const units = [["d", 864e8], ["h", 36e8], ["min", 6e7], ["s", 1e6], ["ms", 1e3], ["µs", 1]];
  const [unit, size] = units.find(([, size]) => Math.abs(micros) >= size) || units[5];
  const value = micros / size;
  return `${Number.isInteger(value) ? value : value.toFixed(Math.abs(value) < 10 ? 2 : 1)} ${unit}`;
}

/** Calls back once nothing has happened for a moment. */
function settled(milliseconds, callback) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(callback, milliseconds);
  };
}

/** What is shown: one listener or all (-1), and a part of the time or all of it. */
const view = { listener: -1, from: -Infinity, to: Infinity };
const onView = [];
function look(change) {
  Object.assign(view, change);
  onView.forEach((callback) => callback());
}


const lookAtAllTimes = () => look({ from: -Infinity, to: Infinity });
