// Runs the program, apart from the page, which stays responsive meanwhile.

/** Milliseconds between two messages about the progress. */
const PAUSE = 100;

/** The folder for what the program writes beside its standard output. */
const OUTPUT = ".output";

/** A request is `{ module, args, files, result }`: `result` names what is wanted of the folder for output, if anything. */
onmessage = ({ data: { module, args, files, result } }) => {
  let read = 0, told = performance.now();
  const onRead = (more) => {
    read += more;
    if (performance.now() - told < PAUSE) return;
    told = performance.now();
    postMessage({ read });
  };
  const root = tree(files, onRead), folder = new Folder();
  root.entries.set(OUTPUT, folder);
  let ended;
  try {
    ended = runProgram(module, ["syncookie", ...args], root);
  } catch (error) {
    postMessage({ crash: String(error) });
    return;
  }
  const written = result ? folder.entries.get(result) : ended.output;
  ended.errors.blob().text().then((errors) => postMessage({ code: ended.code, output: written?.blob() ?? null, errors }));
};
