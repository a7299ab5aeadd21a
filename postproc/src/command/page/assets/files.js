// The files that the program sees: those of the user, which are read in slices, and its own.

/** Maximum number of bytes that are taken from a stream at a time. */
const CHUNK = 2 << 20;

/**
 * Bytes of a file that are read at a time, once it is read from one end to the other, where the program cannot wait for a
 * stream. In Chromium, 8 MiB take half the CPU time of 2 MiB, and more is not much faster.
 */
const SLICE = 8 << 20;

/** Bytes that are read before that: the program looks at the beginning of many files first. */
const FIRST_SLICE = 64 << 10;

/** Bytes of a written file that are in memory; the browser keeps the others where it has room. */
const PART = 4 << 20;

const NO_SLICE = { file: null, from: 0, bytes: new Uint8Array(0) };

let inodes = 0;

/** The slice that was read last. Of all files together one is kept, so that many files take no more memory. */
let slice = NO_SLICE;

/**
 * The stream of the file that is read from one end to the other, where the program can wait for it. In Chromium, it takes half
 * the CPU time of slices and a quarter of their memory.
 */
let stream = null;

/** A slice of a blob. */
const bytesOf = (blob, from, to) => new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob.slice(from, to)));

class Folder {
  inode = ++inodes;
  entries = new Map();
  size = 0;
}

/** The content of a file from an offset on. */
class Stream {
  buffer = new ArrayBuffer(CHUNK);

  constructor(file, at) {
    this.file = file;
    this.at = at;
    this.reader = file.blob.slice(at).stream().getReader({ mode: "byob" });
  }

  /** Resolves to the next bytes: none at the end. */
  async chunk() {
    const { value } = await this.reader.read(new Uint8Array(this.buffer));
    // The bytes are in the same memory, which the next chunk overwrites.
    this.buffer = value.buffer;
    this.at += value.length;
    return value;
  }

  close() {
    this.reader.cancel().catch(() => {});
  }
}

/** A file of the user. `onRead` gets the number of bytes that were not read before. */
class UserFile {
  inode = ++inodes;
  /** Where the latest slice ended. */
  end = -1;
  /** Bytes from the beginning that were read. */
  seen = 0;

  constructor(blob, onRead) {
    this.blob = blob;
    this.size = blob.size;
    this.onRead = onRead;
  }

  /** Reads into `into` and returns the number of bytes. */
  read(offset, into) {
    if (offset >= this.size) return 0;
    if (!this.has(offset)) this.load(offset, into.length);
    const part = slice.bytes.subarray(offset - slice.from, offset - slice.from + into.length);
    into.set(part);
    return part.length;
  }

  has(offset) {
    return slice.file === this && offset >= slice.from && offset < slice.from + slice.bytes.length;
  }

  /** Makes the bytes at an offset ready to be read. Returns a promise if they come from a stream, and null if `read` reads them. */
  prepare(offset) {
    return offset === this.end && offset < this.size && !this.has(offset) ? this.wait(offset) : null;
  }

  async wait(offset) {
    if (stream?.file !== this || stream.at !== offset) {
      stream?.close();
      stream = new Stream(this, offset);
    }
    slice = NO_SLICE;
    try {
      this.keep(offset, await stream.chunk());
    } catch {
      // The slice that is read instead fails with the reason, or is there.
      stream = null;
    }
  }

  load(offset, wanted) {
    const length = offset === this.end ? SLICE : Math.max(FIRST_SLICE, wanted);
    // Nothing refers to the old slice while the next one is read, so its memory can be freed.
    slice = NO_SLICE;
    this.keep(offset, bytesOf(this.blob, offset, offset + length));
  }

  keep(from, bytes) {
    slice = { file: this, from, bytes };
    this.end = from + bytes.length;
    if (this.end > this.seen) {
      this.onRead(this.end - this.seen);
      this.seen = this.end;
    }
  }

  write() {
    return null;
  }
}

/** A file that the program writes from its beginning to its end. */
class OwnFile {
  inode = ++inodes;
  parts = [];
  last = new Uint8Array(0);
  used = 0;

  get size() {
    return this.parts.length * PART + this.used;
  }

  /** Writes at the end and returns the number of bytes; null at any other place, which the program never needs. */
  write(offset, from) {
    if (offset !== this.size) return null;
    let written = 0;
    while (written < from.length) {
      const part = from.subarray(written, written + PART - this.used);
      this.reserve(this.used + part.length);
      this.last.set(part, this.used);
      this.used += part.length;
      written += part.length;
      if (this.used === PART) this.seal();
    }
    return written;
  }

  /** Small files take little memory. */
  reserve(size) {
    if (size <= this.last.length) return;
    const larger = new Uint8Array(Math.min(PART, Math.max(size, 2 * this.last.length, 4096)));
    larger.set(this.last.subarray(0, this.used));
    this.last = larger;
  }

  seal() {
    this.parts.push(new Blob([this.last]));
    this.used = 0;
  }

  read(offset, into) {
    const number = Math.floor(offset / PART), from = offset % PART;
    if (number < this.parts.length) {
      if (slice.file !== this || slice.from !== number * PART) {
        slice = { file: this, from: number * PART, bytes: bytesOf(this.parts[number], 0, PART) };
      }
      const part = slice.bytes.subarray(from, from + into.length);
      into.set(part);
      return part.length;
    }
    const part = this.last.subarray(from, Math.max(from, Math.min(this.used, from + into.length)));
    into.set(part);
    return part.length;
  }

  clear() {
    [this.parts, this.used] = [[], 0];
    if (slice.file === this) slice = NO_SLICE;
  }

  /** The whole content. */
  blob(type) {
    return new Blob([...this.parts, this.last.slice(0, this.used)], { type });
  }
}

/** A folder with these files, each a `{ path, file }`. */
function tree(files, onRead) {
  const root = new Folder();
  for (const { path, file } of files) {
    const names = path.split("/"), name = names.pop();
    const folder = names.reduce((inside, next) => {
      if (!inside.entries.has(next)) inside.entries.set(next, new Folder());
      return inside.entries.get(next);
    }, root);
    folder.entries.set(name, new UserFile(file, onRead));
  }
  return root;
}

/** The folder of a path, the name in it, and what has this name. */
function find(root, path) {
  const names = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  if (names.length === 0) return { folder: null, name: "", node: root };
  const name = names.pop();
  let folder = root;
  for (const next of names) {
    folder = folder.entries.get(next);
    if (!(folder instanceof Folder)) return { folder: null, name, node: undefined };
  }
  return { folder, name, node: folder.entries.get(name) };
}
