// Puts the page together.

function fillListeners() {
  const names = head.listeners.map((listener, index) => el("option", { value: String(index) }, text(listener.name)));
  $("listener").append(el("option", { value: "-1" }, "all"), ...names);
  $("listener").addEventListener("change", () => look({ listener: Number($("listener").value) }));
}

/** Explains what all charts draw, without what does not occur. */
function fillLegend() {
  const occurs = (place) => head.all.buckets.some(([, values]) => values[place] > 0);
  const drawn = COUNTS.filter((_, place) => place !== DELAYED && occurs(place));
  if (head.floods.length) drawn.push(["SYN flood", "flood"]);
  if (occurs(LONGEST)) drawn.push(["longest handshake", "delayed"]);
  if (head.episodes.length) drawn.push(["episode", "episode"]);
  $("legend").append(...drawn.map(([name, variable]) => el("li", {}, swatch(variable), name)));
}

/** Shows the time span that is looked at, beside the charts and the findings. */
function showSpan() {
  for (const line of document.querySelectorAll(".span")) {
    line.hidden = view.from === -Infinity;
    if (!line.hidden) line.firstElementChild.textContent = `Only ${time(view.from, 3)} to ${time(view.to, 3)} UTC.`;
  }
}

let drawnListener = null;

/** Draws the charts of another listener, or zooms those that are there. */
function showCharts() {
  if (!head.all.buckets.length) return;
  if (drawnListener === view.listener) return zoom();
  drawnListener = view.listener;
  showTimelines();
  showScatters();
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
  document.querySelectorAll(".span button").forEach((button) => button.addEventListener("click", lookAtAllTimes));
  $("more-timelines").addEventListener("click", () => {
    listenersShown += FIRST_LISTENERS * 2;
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
  // Without a handshake, there is nothing to draw or to list.
  if (head.all.buckets.length) ["charts", "findings"].forEach((id) => ($(id).hidden = false));
  else ["listeners", "timeline", "evidence", "findings"].forEach((id) => document.querySelector(`nav a[href='#${id}']`).remove());
  addCopyButtons();
  fillListeners();
  fillLegend();
  fillChoices();
  header();
  theme();
  listenToTables();
  listenToFilters();
  onView.push(showCharts, showSpan, arrange, () => ($("listener").value = String(view.listener)));
  look({});
  let width = innerWidth;
  addEventListener("resize", settled(150, () => {
    if (width !== innerWidth) redraw();
    width = innerWidth;
  }));
  document.documentElement.dataset.ready = "true";
}

main();
