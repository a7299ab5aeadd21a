// The page: files are dropped, the report is shown, and more is asked about it.

const $ = (id) => document.getElementById(id);
const root = document.documentElement;

/** Files, what they are, the report on them, and the options that it has. */
const state = { files: [], roles: null, report: null, chosen: null };

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

/** The files that are read from one end to the other: the captures, once it is known which they are. */
function captures() {
  if (!state.roles) return state.files;
  const known = new Set(state.roles.captures);
  return state.files.filter(({ path }) => known.has(path));
}

/** Runs work that can be cancelled, with its progress in reading `files()`; returns null if it was cancelled or failed. */
async function work(files, task) {
  const since = performance.now(), focused = document.activeElement;
  const show = (read) => progress(read, files().reduce((sum, { file }) => sum + file.size, 0), since);
  root.dataset.ready = "false";
  complain("");
  $("progress").hidden = false;
  document.querySelectorAll("button:not(#cancel)").forEach((button) => (button.disabled = true));
  show(0);
  try {
    const done = await task(show);
    complain("");
    return done;
  } catch (error) {
    if (!(error instanceof Cancelled)) complain(error.message);
    return null;
  } finally {
    // A button that is disabled or hidden loses the focus.
    const isLost = document.activeElement === document.body || document.activeElement === $("cancel");
    $("progress").hidden = true;
    document.querySelectorAll("button").forEach((button) => (button.disabled = false));
    root.dataset.ready = "true";
    if (isLost) focused.focus();
    resize();
  }
}

/** Shows what is wrong; nothing if the text is empty. */
function complain(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
}

/** The result of a run, if there is one; says what went wrong. */
function result({ code, output, errors }) {
  const isComplete = code === 0 || code === 2;
  if (!isComplete || (output.size === 0 && errors)) complain(errors || `The program ended with ${code}.`);
  return isComplete && output.size ? output : null;
}

/** What is chosen now. */
const choices = () => ({ kernel: [...state.roles.kernel], server: $("kernel-server").value.trim(), place: $("capture-point").value });

/** Options of a command. */
function options(command, { kernel, server, place }) {
  // The program takes files given without server= or proxy= only before the others.
  const used = kernel.filter(([, machine]) => machine !== "none").sort(([, one], [, other]) => (one < other ? -1 : 1));
  const texts = used.map(([name, machine]) => (machine ? `${machine}=${name}` : name));
  return [
    ...(place && command !== "annotate" ? ["--capture-point", place] : []),
    ...(texts.length ? ["--kernel", ...texts] : []),
    ...(texts.length && server && command !== "explain" ? ["--server", server] : []),
  ];
}

const analyze = (format, chosen, onRead) => run(["analyze", "--quiet", "--threads", "1", "--format", format, ...options("analyze", chosen), "--", ...state.roles.paths], state.files, onRead);

/** Analyses the files and shows the report; returns whether there is one. */
async function report() {
  let chosen;
  const done = await work(captures, async (onRead) => {
    state.roles ??= await rolesOf(state.files);
    if (state.roles.captures.length === 0) throw new Error(state.roles.problem);
    chosen = choices();
    return analyze("html", chosen, onRead);
  });
  const page = done && result(done);
  if (!page) return false;
  Object.assign(state, { report: page, chosen });
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
  return true;
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
  if (files.length === 0) return complain("The folder contains no file.");
  const { files: before, roles } = state;
  Object.assign(state, { files: joined(before, files), roles: null });
  if (await report()) return;
  // The report that is shown, and what is asked about it, stay those of the files before. Texts of a kernel wait for captures.
  const texts = state.roles?.captures.length === 0 ? state.files.filter(({ path }) => state.roles.kernel.has(top(path))) : [];
  Object.assign(state, { files: texts.length ? texts : before, roles });
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
  const each = captures.map((name) => new Option(name, name));
  $("explain-capture").replaceChildren(new Option(captures.length === 1 ? captures[0] : `any of ${grouped(captures.length)}`, ""), ...(captures.length > 1 ? each : []));
}

/** The choice of a text's machine. */
function machineOf(name, machine) {
  const machines = [["", "the program decides"], ["server", "of the server"], ["proxy", "of the SYN proxy"], ["none", "not used"]];
  const select = document.createElement("select");
  select.setAttribute("aria-label", `Machine of ${name}`);
  select.append(...machines.map(([value, text]) => new Option(text, value, false, value === machine)));
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
  const read = () => captures().filter(({ path }) => !chosen || path === chosen);
  const done = await work(read, (onRead) => run(["explain", "--quiet", ...conditions, ...options("explain", state.chosen), "--", ...paths], state.files, onRead));
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
  const done = await work(captures, (onRead) => analyze(format, state.chosen, onRead));
  const output = done && result(done);
  if (output) save(output, `findings.${format}`);
}

async function annotate() {
  const isAnonymous = $("anonymize").checked;
  const flags = [...($("only-findings").checked ? ["--only-findings"] : []), ...(isAnonymous ? ["--anonymize"] : options("annotate", state.chosen))];
  const done = await work(captures, (onRead) => run(["annotate", "--quiet", "-o", "-", ...flags, "--", ...state.roles.captures], state.files, onRead));
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
    if (!$("progress").hidden) return complain("Files can be added when this run has ended or is cancelled.");
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
  $("folders").hidden = !hasHandles;
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
