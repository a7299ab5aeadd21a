// Findings that agree in listener, verdict, outcome and cause: a row of the table.

const KEY = [SERVER, ANSWER, OUTCOME, CAUSE];
const keyOf = (row) => KEY.map((column) => row[column]).join("\n");

/** Groups of these findings, in the order of their first ones. */
function grouping(indices) {
  const groups = new Map();
  for (const index of indices) {
    const row = data.rows[index], key = keyOf(row);
    const group = groups.get(key);
    if (!group) {
      groups.set(key, { key, row, listed: [index], count: 1, first: row[AT], last: row[AT], strongest: row });
      continue;
    }
    group.listed.push(index);
    group.count++;
    group.first = Math.min(group.first, row[AT]);
    group.last = Math.max(group.last, row[AT]);
    if (compareSurety(row, group.strongest) > 0) group.strongest = row;
  }
  return groups;
}

/** All groups, with the findings that are counted and not listed. */
function wholeGroups() {
  const groups = grouping(data.rows.keys());
  const totals = new Map();
  for (const [server, answer, outcome, cause, count, first, last] of head.groups) {
    const key = [server, answer, outcome, cause].join("\n"), group = groups.get(key);
    if (!group) continue;
    totals.set(key, (totals.get(key) || 0) + count);
    group.first = Math.min(group.first, first);
    group.last = Math.max(group.last, last);
  }
  totals.forEach((count, key) => (groups.get(key).count = Math.max(groups.get(key).count, count)));
  return groups;
}

/** Cookie-style before ordinary, then by confidence and log-odds. */
function compareSurety(a, b) {
  return text(a[ANSWER]).startsWith("syn-") - text(b[ANSWER]).startsWith("syn-") ||
    CONFIDENCES.indexOf(text(a[SURE])) - CONFIDENCES.indexOf(text(b[SURE])) || (a[ODDS] || 0) - (b[ODDS] || 0);
}

const allGroups = wholeGroups();
const findings = [...allGroups.values()].reduce((sum, group) => sum + group.count, 0);

/** Groups of the findings that pass the filters. A filter that splits a group counts its listed findings only. */
function passingGroups() {
  const groups = grouping(passing());
  for (const [key, group] of groups) {
    if (group.listed.length === allGroups.get(key).listed.length) groups.set(key, allGroups.get(key));
  }
  return [...groups.values()];
}

