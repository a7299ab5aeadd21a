// Which files are captures, and which are texts of a kernel: the program says it.

/** Maximum number of files that may be texts of a kernel and are looked at. */
const MOST_TEXTS = 50;

/** Maximum number of bytes of a file or folder that may be texts of a kernel: they are read from one end to the other. */
const LARGEST_TEXT = 64 << 20;

/** Number of bytes of the files with this name or in this folder. */
const bytesBelow = (files, name) => files.reduce((sum, { path, file }) => sum + (top(path) === name ? file.size : 0), 0);

/**
 * Returns the names of captures, for each dropped name with texts of a kernel the machine (not named at first), the names to
 * analyse, and what is wrong if there is no capture.
 */
async function rolesOf(files) {
  const names = tops(files);
  const { output, errors } = await run(["analyze", "--quiet", "--list-files", "--", ...names], files);
  const captures = (await output.text()).split("\n").filter(Boolean).map((line) => line.split("\t").slice(2).join("\t"));
  const known = new Set(captures), kernel = new Map();
  const others = files.filter(({ path }) => !known.has(path));
  const mayBeText = (name) => !known.has(name) && bytesBelow(others, name) <= LARGEST_TEXT;
  for (const name of names.filter(mayBeText).slice(0, MOST_TEXTS)) {
    if ((await run(["kernel", "--", name], files)).code === 0) kernel.set(name, "");
  }
  const isText = (name) => kernel.has(name) && !captures.some((capture) => capture.startsWith(`${name}/`));
  const texts = [...kernel.keys()];
  const problem = texts.length ? `${texts.join(", ")}: texts of a kernel. Add the captures of its machine.` : errors || "There is no capture among these files.";
  return { captures, kernel, paths: names.filter((name) => !isText(name)), problem };
}
