// The page: files are dropped, the report is shown, and more is asked about it.

const $ = (id) => document.getElementById(id);
const root = document.documentElement;

/** Files, what they are, and the report on them. */
const state = { files: [], roles: null, report: null };

const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

/** Sizes as people read them. */
function bytes(size) {
  const units = ["bytes", "kB", "MB", "GB"];
  let unit = 0;
  for (; size >= 1000 && unit < 3; unit++) size /= 1000;
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** A time that is left, rounded up. */
function span(seconds) {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h ${Math.ceil((seconds % 3600) / 60)} min`;
}

/** Shows how much was read. */
function progress(read, all, since) {
  const seconds = (performance.now() - since) / 1000;
  $("bar").value = all ? read / all : 0;
  const left = read && read < all ? `, ${span(((all - read) * seconds) / read)} left` : "";
  $("status").textContent = read < all ? `${bytes(read)} of ${bytes(all)}${left}` : `${bytes(all)} read; the results are being written`;
}

/** Runs work that can be cancelled, with its progress; returns null if it was cancelled or failed. */
async function work(task) {
  const all = state.files.reduce((sum, { file }) => sum + file.size, 0), since = performance.now(), focused = document.activeElement;
  root.dataset.ready = "false";
  $("problem").hidden = true;
  $("progress").hidden = false;
  document.querySelectorAll("button:not(#cancel)").forEach((button) => (button.disabled = true));
  progress(0, all, since);
  try {
    return await task((read) => progress(read, all, since));
  } catch (error) {
    if (!(error instanceof Cancelled)) complain(error.message);
    return null;
  } finally {
    $("progress").hidden = true;
    document.querySelectorAll("button").forEach((button) => (button.disabled = false));
    root.dataset.ready = "true";
    // A button that is disabled loses the focus.
    if (document.activeElement === document.body) focused.focus();
    resize();
  }
}

function complain(text) {
  $("problem").textContent = text;
  $("problem").hidden = false;
}

/** The result of a run, if there is one; says what went wrong. */
function result({ code, output, errors }) {
  const isComplete = code === 0 || code === 2;
  if (!isComplete || (output.size === 0 && errors)) complain(errors || `The program ended with ${code}.`);
  return isComplete && output.size ? output : null;
}

/** Options of all commands. */
function options(command) {
  const { kernel } = state.roles, server = $("kernel-server").value.trim(), place = $("capture-point").value;
  // The program takes files given without server= or proxy= only before the others.
  const used = [...kernel].filter(([, machine]) => machine !== "none").sort(([, one], [, other]) => (one < other ? -1 : 1));
  const texts = used.map(([name, machine]) => (machine ? `${machine}=${name}` : name));
  return [
    ...(place && command !== "annotate" ? ["--capture-point", place] : []),
    ...(texts.length ? ["--kernel", ...texts] : []),
    ...(texts.length && server && command !== "explain" ? ["--server", server] : []),
  ];
}

const analyze = (format, onRead) => run(["analyze", "--quiet", "--threads", "1", "--format", format, ...options("analyze"), "--", ...state.roles.paths], state.files, onRead);

/** Analyses the files and shows the report. */
async function report() {
  const done = await work(async (onRead) => {
    state.roles ??= await rolesOf(state.files);
    return analyze("html", onRead);
  });
  const page = done && result(done);
  if (!page) return;
  state.report = page;
  listFiles();
  root.classList.add("reporting");
  $("tools").hidden = false;
  showPanel(null);
  const frame = $("report");
  frame.hidden = false;
  frame.srcdoc = await page.text();
  frame.onload = () => {
    catchDrops(frame.contentWindow);
    catchPrinting(frame.contentWindow);
    followLinks(frame.contentDocument);
    followTheme(frame.contentDocument.documentElement);
    resize();
    frame.contentWindow.focus();
    root.dataset.reports = String(Number(root.dataset.reports ?? 0) + 1);
  };
}

/** Follows links inside the report. A browser takes them for links to this page, because the report has no address. */
function followLinks(inside) {
  inside.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    event.preventDefault();
    const target = inside.getElementById(link.getAttribute("href").slice(1));
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.scrollIntoView();
  });
}

/** Has the colours of the report, whose button changes them. */
function followTheme(inside) {
  const follow = () => {
    if (inside.dataset.theme) root.dataset.theme = inside.dataset.theme;
    else delete root.dataset.theme;
  };
  new MutationObserver(follow).observe(inside, { attributeFilter: ["data-theme"] });
  follow();
}

async function add(files) {
  if (files.length === 0) return;
  state.files = joined(state.files, files);
  state.roles = null;
  await report();
}

/** The files, with the machine of each text of a kernel. */
function listFiles() {
  const { captures, kernel, paths } = state.roles;
  const sizes = new Map(state.files.map(({ path, file }) => [path, file.size]));
  const line = (name, ...more) => {
    const item = document.createElement("li");
    item.append(name, ...more);
    return item;
  };
  const texts = [...kernel].map(([name, machine]) => line(`${name}: texts of a kernel`, machineOf(name, machine)));
  const others = paths.filter((name) => sizes.has(name) && !captures.includes(name));
  $("list").replaceChildren(
    ...texts,
    ...captures.map((name) => line(`${name} (${bytes(sizes.get(name) ?? 0)})`)),
    ...others.map((name) => line(`${name}: not a capture`)),
  );
  const choices = captures.map((name) => new Option(name, name));
  $("explain-capture").replaceChildren(new Option(captures.length === 1 ? captures[0] : `any of ${grouped(captures.length)}`, ""), ...(captures.length > 1 ? choices : []));
}

/** The choice of a text's machine. */
function machineOf(name, machine) {
  const choices = [["", "the program decides"], ["server", "of the server"], ["proxy", "of the SYN proxy"], ["none", "not used"]];
  const select = document.createElement("select");
  select.setAttribute("aria-label", `Machine of ${name}`);
  select.append(...choices.map(([value, text]) => new Option(text, value, false, value === machine)));
  select.addEventListener("change", () => state.roles.kernel.set(name, select.value));
  return select;
}

/** Shows one panel, or none if it is the one that is shown. */
function showPanel(wanted) {
  for (const panel of document.querySelectorAll(".panel")) panel.hidden = panel.id !== wanted || !panel.hidden;
  for (const button of document.querySelectorAll("[data-panel]")) button.setAttribute("aria-expanded", String(button.dataset.panel === wanted && !$(wanted).hidden));
  if (wanted && !$(wanted).hidden) $(wanted).querySelector("h2").focus();
  resize();
}

/** The report fills the window below what is above it. */
function resize() {
  root.style.setProperty("--above", `${$("top").offsetHeight + $("main").offsetHeight}px`);
}

async function explain() {
  const chosen = $("explain-capture").value;
  const conditions = ["client", "server", "frame"].flatMap((name) => {
    const value = $(`explain-${name}`).value.trim();
    return value ? [`--${name}`, value] : [];
  });
  const paths = chosen ? [chosen] : state.roles.captures;
  const done = await work((onRead) => run(["explain", "--quiet", ...conditions, ...options("explain"), "--", ...paths], state.files, onRead));
  const story = done && result(done);
  if (story) $("story").textContent = await story.text();
  $("story").hidden = !story;
  resize();
}

function save(blob, name) {
  const link = document.createElement("a");
  [link.href, link.download] = [URL.createObjectURL(blob), name];
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function download(format) {
  if (format === "html") return save(state.report, "report.html");
  const done = await work((onRead) => analyze(format, onRead));
  const output = done && result(done);
  if (output) save(output, `findings.${format}`);
}

async function annotate() {
  const isAnonymous = $("anonymize").checked;
  const flags = [...($("only-findings").checked ? ["--only-findings"] : []), ...(isAnonymous ? ["--anonymize"] : options("annotate"))];
  const done = await work((onRead) => run(["annotate", "--quiet", "-o", "-", ...flags, "--", ...state.roles.captures], state.files, onRead));
  const output = done && result(done);
  if (output) save(output, isAnonymous ? "anonymous.pcapng" : "annotated.pcapng");
}

/** Takes the files that are dropped on a window. */
function catchDrops(target) {
  const mark = (is) => (event) => {
    event.preventDefault();
    root.classList.toggle("dragging", is);
  };
  target.addEventListener("dragover", mark(true));
  target.addEventListener("dragleave", mark(false));
  target.addEventListener("drop", async (event) => {
    mark(false)(event);
    if (root.dataset.ready !== "true") return;
    try {
      await add(await dropped(event.dataTransfer));
    } catch (error) {
      complain(`The files cannot be read: ${error.message}`);
    }
  });
}

const printReport = () => $("report").contentWindow.print();

/** Prints the report also with the keys of the browser, which would print what this page shows of it. */
function catchPrinting(target) {
  target.addEventListener("keydown", (event) => {
    if (event.key !== "p" || !(event.ctrlKey || event.metaKey) || $("report").hidden) return;
    event.preventDefault();
    printReport();
  });
}

function listen() {
  const inputs = { choose: "chosen-files", add: "chosen-files", "choose-folder": "chosen-folder" };
  for (const [button, input] of Object.entries(inputs)) $(button).addEventListener("click", () => $(input).click());
  for (const input of new Set(Object.values(inputs))) {
    $(input).addEventListener("change", async () => {
      const files = fromInput($(input).files);
      $(input).value = "";
      await add(files);
    });
  }
  for (const button of document.querySelectorAll("[data-panel]")) button.addEventListener("click", () => showPanel(button.dataset.panel));
  for (const button of document.querySelectorAll("[data-format]")) button.addEventListener("click", () => download(button.dataset.format));
  const forms = { options: report, "explain-form": explain, annotate };
  for (const [form, task] of Object.entries(forms)) {
    $(form).addEventListener("submit", (event) => {
      event.preventDefault();
      task();
    });
  }
  $("cancel").addEventListener("click", () => cancelRun());
  $("print").addEventListener("click", printReport);
  $("restart").addEventListener("click", () => location.reload());
  addEventListener("resize", resize);
  catchDrops(window);
  catchPrinting(window);
}

async function main() {
  listen();
  try {
    await program;
    root.dataset.ready = "true";
  } catch (error) {
    complain(`This browser cannot run the page: ${error.message}`);
  }
}

main();
