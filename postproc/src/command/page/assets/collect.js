// The files that the user drops or chooses, each a `{ path, file }`.

/** The files of a drop, with those in folders. */
async function dropped(transfer) {
  // The items are gone after the first wait.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (entries.includes(null)) return fromInput(transfer.files);
  const found = [];
  const pending = entries.reverse();
  while (pending.length) {
    const entry = pending.pop();
    if (entry.isDirectory) pending.push(...(await inside(entry)));
    else found.push({ path: entry.fullPath.replace(/^\//, ""), file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
  }
  return found;
}

/** The entries of a folder, which browsers give a hundred at a time. */
async function inside(folder) {
  const reader = folder.createReader(), all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all.reverse();
    all.push(...some);
  }
}

/** The files of an input element. */
const fromInput = (files) => [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** Adds files to others. A file with a name that is taken gets another one, except if it is the same file. */
function joined(files, more) {
  const all = new Map(files.map((entry) => [entry.path, entry]));
  for (const { path, file } of more) {
    let free = path;
    for (let number = 2; all.has(free) && !isSame(all.get(free).file, file); number++) free = path.replace(/^(.*?)(\.[^/]*)?$/, `$1 (${number})$2`);
    all.set(free, { path: free, file });
  }
  return [...all.values()];
}

const isSame = (one, other) => one.size === other.size && one.lastModified === other.lastModified;

/** What was dropped or chosen itself: files and folders. */
const tops = (files) => [...new Set(files.map(({ path }) => path.split("/")[0]))];
