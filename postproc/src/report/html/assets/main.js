// Puts the page together.

function fillListeners() {
  const names = head.listeners.map((listener, index) => el("option", { value: String(index) }, text(listener.name)));
  $("listener").append(el("option", { value: "-1" }, "all"), ...names);
  $("listener").addEventListener("change", () => look({ listener: Number($("listener").value) }));
}

/** Explains what the charts over time draw, without what does not occur. */
function fillLegend() {
  const occurs = (column) => head.listeners.some((listener) => listener.buckets.some(([, counts]) => counts[column] > 0));
  const items = [...verdicts.map((name) => [name, name, "bar"]), ["handshakes that never completed", "lost", "line"], ["resets (right axis)", "reset", "line"]];
  const drawn = items.filter((_, column) => occurs(column));
  if (head.episodes.length) drawn.push(["episode", "episode", "bar"]);
  $("legend").append(...drawn.map(([name, variable, kind]) => el("li", {}, swatch(variable, kind), name)));
}

/** Shows the time span that is selected. */
function showSpan() {
  const limited = view.from !== -Infinity;
  $("span-filter").hidden = !limited;
  if (limited) $("span-filter").firstElementChild.textContent = `Only ${time(view.from)} to ${time(view.to)} UTC.`;
}

function goTo(id) {
  $(id).scrollIntoView();
  $(id).querySelector("h2").setAttribute("tabindex", "-1");
  $(id).querySelector("h2").focus({ preventScroll: true });
}

function listenToTables() {
  document.addEventListener("click", ({ target }) => {
    if (target.dataset?.listener) {
      look({ listener: Number(target.dataset.listener), from: -Infinity, to: Infinity });
      goTo("timeline");
    } else if (target.dataset?.episode) {
      const [listener, , from, to] = head.episodes[Number(target.dataset.episode)];
      look({ listener, from, to });
      goTo("findings");
    } else if (target.dataset?.page) turnPage(target.dataset.page);
  });
  $("span-filter").querySelector("button").addEventListener("click", () => look({ from: -Infinity, to: Infinity }));
  $("more-timelines").addEventListener("click", () => {
    timelinesShown += FIRST_TIMELINES * 2;
    showTimelines();
  });
}

function listenToFilters() {
  const form = $("filters");
  const soon = settled(120, arrange);
  form.addEventListener("input", soon);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => {
    look({ listener: -1, from: -Infinity, to: Infinity });
    soon();
  });
  $("page-size").addEventListener("change", showPage);
}

const dark = matchMedia("(prefers-color-scheme: dark)");

/** The theme button switches this page to the other colours. */
function theme() {
  const root = document.documentElement, button = $("theme");
  const isDark = () => (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
  const label = () => (button.textContent = isDark() ? "Light colours" : "Dark colours");
  const changed = () => {
    label();
    redraw();
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    changed();
  });
  dark.addEventListener("change", changed);
  label();
  // Paper is white, and narrower than most windows.
  let before;
  addEventListener("beforeprint", () => {
    before = root.dataset.theme;
    root.dataset.theme = "light";
    redraw(760);
  });
  addEventListener("afterprint", () => {
    if (before) root.dataset.theme = before;
    else delete root.dataset.theme;
    redraw();
  });
}

function main() {
  ["timeline", "evidence", "findings"].forEach((id) => ($(id).hidden = false));
  addCopyButtons();
  fillListeners();
  fillLegend();
  fillChoices();
  header();
  theme();
  listenToTables();
  listenToFilters();
  onView.push(showTimelines, showScatters, showSpan, arrange, () => ($("listener").value = String(view.listener)));
  look({});
  let width = innerWidth;
  addEventListener("resize", settled(150, () => {
    if (width !== innerWidth) redraw();
    width = innerWidth;
  }));
  document.documentElement.dataset.ready = "true";
}

main();
