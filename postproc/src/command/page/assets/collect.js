// The files that the user drops or chooses, each a `{ path, file }`.

/**
 * Whether dropped folders are read by their handles: Chromium gives a page that was opened from a folder no files of entries. It
 * leaves out files whose names Windows forbids.
 */
const hasHandles = location.protocol === "file:" && "getAsFileSystemHandle" in DataTransferItem.prototype;

/** The files of a drop, with those in folders. */
async function dropped(transfer) {
  const files = [], folders = [];
  // All items are asked before the first wait: they are gone after it.
  for (const item of [...transfer.items].filter(({ kind }) => kind === "file")) {
    const entry = item.webkitGetAsEntry?.();
    if (!entry?.isDirectory) files.push({ path: item.getAsFile().name, file: item.getAsFile() });
    else folders.push(hasHandles ? item.getAsFileSystemHandle().then((handle) => insideHandle(handle)) : insideEntry(entry));
  }
  return [files, ...(await Promise.all(folders))].flat();
}

/** The files in a folder, by its handle. */
async function insideHandle(top) {
  const found = [], pending = [[top.name, top]];
  while (pending.length) {
    const [path, handle] = pending.pop();
    if (handle.kind === "file") found.push({ path, file: await handle.getFile() });
    else for await (const [name, inside] of handle.entries()) pending.push([`${path}/${name}`, inside]);
  }
  return found;
}

/** The files in a folder, by its entry. */
async function insideEntry(top) {
  const found = [], pending = [top];
  while (pending.length) {
    const entry = pending.pop();
    if (entry.isDirectory) pending.push(...(await entries(entry)));
    else found.push({ path: entry.fullPath.replace(/^\//, ""), file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
  }
  return found;
}

/** The entries of a folder, which browsers give a hundred at a time. */
async function entries(folder) {
  const reader = folder.createReader(), all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

/** The files of an input element. */
const fromInput = (files) => [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** Adds files to others. A file whose name is taken gets another one, except if it is the same file. */
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
const top = (path) => path.split("/")[0];
const tops = (files) => [...new Set(files.map(({ path }) => top(path)))];
