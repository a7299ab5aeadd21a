// Copying a display filter or a command.

/** Puts text on the clipboard, also where the browser gives pages from files no clipboard interface. */
async function copy(value) {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    const area = el("textarea", { class: "hidden", "aria-hidden": "true" });
    area.value = value;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** A button that copies `value`; `label` says to a screen reader what that is. */
function copyButton(label, value) {
  const button = el("button", { type: "button", class: "copy", "aria-label": label }, "Copy");
  button.addEventListener("click", async () => {
    const done = await copy(value);
    button.focus();
    button.textContent = done ? "Copied" : "Select and copy by hand";
    $("copied").textContent = done ? `Copied: ${value}` : "The browser did not let the page copy.";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return button;
}

/** A line with a filter and the button that copies it. */
function filterLine(label, filter) {
  return el("div", { class: "filter-line" }, el("span", {}, label), el("code", {}, filter), copyButton(`Copy the filter: ${label}`, filter));
}

/** Nodes of a text in which `sysctl` and its argument stay in one line, if it is wide enough. */
const kept = (text) => text.split(/(sysctl \S+)/).map((part, at) => (at % 2 ? el("span", { class: "kept" }, part) : part));

/** Puts a button beside each command of what to check. */
function addCopyButtons() {
  for (const line of document.querySelectorAll("#check .command")) {
    [...line.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE).forEach((node) => node.replaceWith(...kept(node.data)));
  }
  document.querySelectorAll("#check code").forEach((code) => code.after(" ", copyButton(`Copy the command: ${code.textContent}`, code.textContent)));
}

