// What the program asks of a system: the calls of WASI preview 1 that it uses, on a tree of files.
// https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md

const ERRNO = { success: 0, badf: 8, exist: 20, inval: 28, io: 29, isdir: 31, noent: 44, nosys: 52, notdir: 54, notempty: 55, notsup: 58 };
const FILE_TYPE = { folder: 3, file: 4 };
const CREATE = 1, DIRECTORY = 2, EXCLUSIVE = 4, TRUNCATE = 8;
const ALL_RIGHTS = 0x1fffffffn;

/** The descriptor of the root, after the three standard ones. */
const ROOT = 3;

/** The program ended itself. */
class Exit extends Error {
  constructor(code) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** The exit code of a program that an error ended, such as memory that ran out: as in shells, 128 and SIGABRT. */
const ABORTED = 134;

/** Whether the program can wait for a promise (JavaScript Promise Integration). */
const canWait = "Suspending" in WebAssembly;

/** Runs the program on these arguments. Resolves to its exit code, its standard output and its standard error. */
async function runProgram(module, args, root) {
  const output = new OwnFile(), errors = new OwnFile();
  const open = [new OwnFile(), output, errors, root].map((node) => ({ node, offset: 0 }));
  const calls = system(args, open, root);
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: calls.imports });
  calls.memory = instance.exports.memory;
  let code = 0;
  try {
    await (canWait ? WebAssembly.promising(instance.exports._start) : instance.exports._start)();
  } catch (error) {
    if (error instanceof Exit) {
      code = error.code;
    } else {
      code = ABORTED;
      errors.write(errors.size, new TextEncoder().encode(`${error}\n`));
    }
  }
  return { code, output, errors };
}

function system(args, open, root) {
  const texts = new TextEncoder(), names = new TextDecoder();
  const state = { memory: null };
  // The memory may have grown since the last call, and then has another buffer.
  const view = () => new DataView(state.memory.buffer);
  const bytes = (at, length) => new Uint8Array(state.memory.buffer, at, length);
  const path = (at, length) => names.decode(bytes(at, length).slice());
  const argv = args.map((arg) => texts.encode(`${arg}\0`));
  const type = (node) => (node instanceof Folder ? FILE_TYPE.folder : FILE_TYPE.file);

  /** Reads or writes each buffer of a list, until one is not filled; stores the number of bytes. */
  function transfer(fd, list, count, stored, readOrWrite) {
    const opened = open[fd];
    if (!opened) return ERRNO.badf;
    if (opened.node instanceof Folder) return ERRNO.isdir;
    let all = 0;
    for (let index = 0; index < count; index++) {
      const at = view().getUint32(list + 8 * index, true), length = view().getUint32(list + 8 * index + 4, true);
      const done = opened.node[readOrWrite](opened.offset, bytes(at, length));
      if (done === null) return ERRNO.notsup;
      opened.offset += done;
      all += done;
      if (done < length) break;
    }
    view().setUint32(stored, all, true);
    return ERRNO.success;
  }

  function read(fd, list, count, stored) {
    const waiting = canWait ? open[fd]?.node.prepare?.(open[fd].offset) : null;
    const finish = () => transfer(fd, list, count, stored, "read");
    return waiting ? waiting.then(finish) : finish();
  }

  function stat(node, at) {
    bytes(at, 64).fill(0);
    view().setBigUint64(at + 8, BigInt(node.inode), true);
    view().setUint8(at + 16, type(node));
    view().setBigUint64(at + 24, 1n, true);
    view().setBigUint64(at + 32, BigInt(node.size), true);
    return ERRNO.success;
  }

  const imports = {
    args_sizes_get(count, size) {
      view().setUint32(count, argv.length, true);
      view().setUint32(size, argv.reduce((sum, arg) => sum + arg.length, 0), true);
    },
    args_get(pointers, at) {
      for (const [index, arg] of argv.entries()) {
        view().setUint32(pointers + 4 * index, at, true);
        bytes(at, arg.length).set(arg);
        at += arg.length;
      }
    },
    environ_sizes_get(count, size) {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
    },
    environ_get() {},
    random_get(at, length) {
      // More than 65,536 bytes at a time are refused (Web Cryptography, section 10.1.1).
      for (let from = 0; from < length; from += 65536) crypto.getRandomValues(bytes(at + from, Math.min(65536, length - from)));
    },
    clock_time_get(clock, _precision, at) {
      const milliseconds = clock === 0 ? Date.now() : performance.now();
      view().setBigUint64(at, BigInt(Math.round(milliseconds * 1e6)), true);
    },
    poll_oneoff: () => ERRNO.nosys,
    sched_yield() {},
    proc_exit(code) {
      throw new Exit(code);
    },

    fd_prestat_get(fd, at) {
      if (fd !== ROOT) return ERRNO.badf;
      view().setUint32(at, 0, true);
      view().setUint32(at + 4, 1, true);
    },
    fd_prestat_dir_name(_fd, at) {
      view().setUint8(at, "/".charCodeAt(0));
    },
    fd_close(fd) {
      if (!open[fd]) return ERRNO.badf;
      open[fd] = undefined;
    },
    fd_fdstat_get(fd, at) {
      if (!open[fd]) return ERRNO.badf;
      bytes(at, 24).fill(0);
      view().setUint8(at, type(open[fd].node));
      view().setBigUint64(at + 8, ALL_RIGHTS, true);
      view().setBigUint64(at + 16, ALL_RIGHTS, true);
    },
    fd_filestat_get: (fd, at) => (open[fd] ? stat(open[fd].node, at) : ERRNO.badf),
    fd_filestat_set_size(fd, size) {
      const node = open[fd]?.node;
      if (!(node instanceof OwnFile) || size !== 0n) return ERRNO.notsup;
      node.clear();
    },
    fd_sync() {},
    fd_seek(fd, by, from, stored) {
      const opened = open[fd];
      if (!opened) return ERRNO.badf;
      const offset = [0, opened.offset, opened.node.size][from] + Number(by);
      if (!(offset >= 0)) return ERRNO.inval;
      opened.offset = offset;
      view().setBigUint64(stored, BigInt(offset), true);
    },
    fd_read: read,
    fd_write: (fd, list, count, stored) => transfer(fd, list, count, stored, "write"),
    fd_readdir(fd, at, size, cookie, stored) {
      const node = open[fd]?.node;
      if (!(node instanceof Folder)) return ERRNO.notdir;
      let used = 0, next = Number(cookie);
      for (const [name, entry] of [...node.entries].slice(next)) {
        const text = texts.encode(name), record = new Uint8Array(24 + text.length), fields = new DataView(record.buffer);
        fields.setBigUint64(0, BigInt(++next), true);
        fields.setBigUint64(8, BigInt(entry.inode), true);
        fields.setUint32(16, text.length, true);
        fields.setUint8(20, type(entry));
        record.set(text, 24);
        // An entry that does not fit is cut, which shows the program that more follow.
        const part = record.subarray(0, size - used);
        bytes(at + used, part.length).set(part);
        used += part.length;
        if (used === size) break;
      }
      view().setUint32(stored, used, true);
    },

    path_open(_fd, _lookup, at, length, flags, _rights, _inherited, _fdflags, stored) {
      let { folder, name, node } = find(root, path(at, length));
      if (node && flags & CREATE && flags & EXCLUSIVE) return ERRNO.exist;
      if (!node) {
        if (!(flags & CREATE) || !folder) return ERRNO.noent;
        folder.entries.set(name, (node = new OwnFile()));
      }
      if (flags & DIRECTORY && !(node instanceof Folder)) return ERRNO.notdir;
      if (flags & TRUNCATE && node instanceof OwnFile) node.clear();
      const free = open.indexOf(undefined, ROOT);
      const fd = free < 0 ? open.length : free;
      open[fd] = { node, offset: 0 };
      view().setUint32(stored, fd, true);
    },
    path_filestat_get(_fd, _lookup, at, length, into) {
      const { node } = find(root, path(at, length));
      return node ? stat(node, into) : ERRNO.noent;
    },
    path_readlink: () => ERRNO.inval,
    path_create_directory(_fd, at, length) {
      const { folder, name, node } = find(root, path(at, length));
      if (node || !folder) return node ? ERRNO.exist : ERRNO.noent;
      folder.entries.set(name, new Folder());
    },
    path_remove_directory(_fd, at, length) {
      const { folder, name, node } = find(root, path(at, length));
      if (!folder || !(node instanceof Folder)) return ERRNO.noent;
      if (node.entries.size > 0) return ERRNO.notempty;
      folder.entries.delete(name);
    },
    path_unlink_file(_fd, at, length) {
      const { folder, name, node } = find(root, path(at, length));
      if (!node || !folder) return ERRNO.noent;
      if (node instanceof Folder) return ERRNO.isdir;
      folder.entries.delete(name);
    },
    path_rename(_fd, at, length, _to, newAt, newLength) {
      const before = find(root, path(at, length)), after = find(root, path(newAt, newLength));
      if (!before.node || !before.folder || !after.folder) return ERRNO.noent;
      before.folder.entries.delete(before.name);
      after.folder.entries.set(after.name, before.node);
    },
  };
  state.imports = Object.fromEntries(Object.entries(imports).map(([name, call]) => [name, checked(call)]));
  if (canWait) state.imports.fd_read = new WebAssembly.Suspending(state.imports.fd_read);
  return state;
}

/** A call that returns success if it returns nothing, and an error if a file cannot be read. */
function checked(call) {
  return (...values) => {
    try {
      const returned = call(...values) ?? ERRNO.success;
      return returned instanceof Promise ? returned.catch(refused) : returned;
    } catch (error) {
      return refused(error);
    }
  };
}

function refused(error) {
  // Browsers throw this one when a file was changed or removed since it was chosen.
  if (error instanceof DOMException) return ERRNO.io;
  throw error;
}
