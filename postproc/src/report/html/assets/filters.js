// Filters of the table of findings.

const [AT, SERVER, CLIENT, ANSWER, SURE, ODDS, OUTCOME, CAUSE, CAPTURE, FRAME, LIKE, STRENGTH] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const CONFIDENCES = ["possible", "likely", "certain"];
const CHOICES = [["filter-verdict", ANSWER], ["filter-outcome", OUTCOME], ["filter-cause", CAUSE]];

/** Fills a choice with the words that occur, the most frequent first. */
function fillChoice(id, column) {
  const counts = new Map();
  allGroups.forEach(({ row, count }) => counts.set(row[column], (counts.get(row[column]) || 0) + count));
  const words = [...counts].sort((a, b) => b[1] - a[1]);
  $(id).append(el("option", { value: "" }, "any"), ...words.map(([entry, number]) =>
    el("option", { value: text(entry) || "-" }, `${text(entry) || "none"} (${grouped(number)})`)));
}

function fillChoices() {
  CHOICES.forEach(([id, column]) => fillChoice(id, column));
  $("filter-confidence").append(el("option", { value: "" }, "any"),
    ...CONFIDENCES.map((word) => el("option", { value: word }, word === "certain" ? word : `${word} or above`)));
}

let haystacks = null;

/** What a search looks through, made when somebody searches. */
function haystack(index) {
  haystacks ??= new Array(data.rows.length);
  return (haystacks[index] ??= [SERVER, CLIENT, ANSWER, SURE, OUTCOME, CAUSE, CAPTURE, LIKE]
    .map((column) => text(data.rows[index][column])).join(" ").toLowerCase() + " " + time(data.rows[index][AT]));
}

/** Numbers of the findings that pass all filters, in the order in which they are stored. */
function passing() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = CHOICES.map(([id, column]) => [column, $(id).value]).filter(([, value]) => value);
  const least = CONFIDENCES.indexOf($("filter-confidence").value);
  const listener = view.listener < 0 ? null : text(head.listeners[view.listener].name);
  const found = [];
  data.rows.forEach((row, index) => {
    if (row[AT] < view.from || row[AT] > view.to) return;
    if (listener !== null && text(row[SERVER]) !== listener) return;
    if (!wanted.every(([column, value]) => (text(row[column]) || "-") === value)) return;
    // The confidence of an ordinary answer is not a confidence in a cookie.
    if (least >= 0 && !(text(row[ANSWER]).startsWith("syn-") && CONFIDENCES.indexOf(text(row[SURE])) >= least)) return;
    if (words.length && !words.every((word) => haystack(index).includes(word))) return;
    found.push(index);
  });
  return found;
}

