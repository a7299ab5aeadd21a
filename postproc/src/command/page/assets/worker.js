// Runs the program, apart from the page, which stays responsive meanwhile.

/** Milliseconds between two messages about the progress. */
const PAUSE = 250;

/** The program's folder for temporary files. */
const TEMPORARY = "tmp";

/** A request is `{ module, args, files }`; `files` are `{ path, file }`. */
onmessage = async ({ data: { module, args, files } }) => {
  let read = 0, reported = performance.now();
  const onRead = (more) => {
    read += more;
    if (performance.now() - reported < PAUSE) return;
    reported = performance.now();
    postMessage({ read });
  };
  const root = tree(files, onRead);
  if (!root.entries.has(TEMPORARY)) root.entries.set(TEMPORARY, new Folder());
  const { code, output, errors } = await runProgram(module, ["syncookie", ...args], root);
  postMessage({ code, output: output.blob(), errors: await errors.blob().text() });
};
