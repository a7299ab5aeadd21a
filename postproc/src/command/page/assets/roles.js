// Which files are captures, and which are texts of a kernel: the program says it.

/** Maximum number of files that may be texts of a kernel and are looked at. */
const MOST_TEXTS = 50;

/**
 * Returns the names of captures, for each dropped name with texts of a kernel the machine (not named at first), the names to
 * analyse, and what is wrong if there is no capture.
 */
async function rolesOf(files) {
  const names = tops(files);
  const { output, errors } = await run(["analyze", "--quiet", "--list-files", "--", ...names], files);
  const captures = (await output.text()).split("\n").filter(Boolean).map((line) => line.split("\t").slice(2).join("\t"));
  const known = new Set(captures), kernel = new Map();
  for (const name of names.filter((name) => !known.has(name)).slice(0, MOST_TEXTS)) {
    if ((await run(["kernel", "--", name], files)).code === 0) kernel.set(name, "");
  }
  const isText = (name) => kernel.has(name) && !captures.some((capture) => capture.startsWith(`${name}/`));
  const texts = [...kernel.keys()];
  const problem = texts.length ? `${texts.join(", ")}: texts of a kernel. Add the captures of its machine.` : errors || "There is no capture among these files.";
  return { captures, kernel, paths: names.filter((name) => !isText(name)), problem };
}
