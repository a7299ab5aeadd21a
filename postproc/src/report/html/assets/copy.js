// Copying a display filter.

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

/** A line with a filter and the button that copies it. */
function filterLine(label, filter) {
  const button = el("button", { type: "button", "aria-label": `Copy the filter: ${label}` }, "Copy");
  button.addEventListener("click", async () => {
    const done = await copy(filter);
    button.focus();
    button.textContent = done ? "Copied" : "Select and copy by hand";
    $("copied").textContent = done ? `Copied: ${filter}` : "The browser did not let the page copy.";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return el("div", { class: "filter-line" }, el("span", {}, label), el("code", {}, filter), button);
}

