// Runs the program in a worker, one run at a time.

/** A run was cancelled by the user. */
class Cancelled extends Error {}

const program = compiled();
const workerAddress = URL.createObjectURL(new Blob([document.getElementById("worker").textContent], { type: "text/javascript" }));

let cancelRun = () => {};

/** Runs the program on these arguments and files. Resolves to `{ code, output, errors }`; `onRead` gets the bytes read. */
async function run(args, files, onRead = () => {}) {
  const module = await program;
  const worker = new Worker(workerAddress);
  try {
    return await new Promise((resolve, reject) => {
      cancelRun = () => reject(new Cancelled());
      worker.onmessage = ({ data }) => (data.read === undefined ? resolve(data) : onRead(data.read));
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage({ module, args, files });
    });
  } finally {
    cancelRun = () => {};
    // The memory of the run is free again.
    worker.terminate();
  }
}
