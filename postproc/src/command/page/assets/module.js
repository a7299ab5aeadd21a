// The program, which the page carries compressed and as text.

/** Code of the digit 0: the digits of base 85 are the characters from `#` on. */
const DIGIT = 35;

/** In place of `<`, which could end the script element. */
const LESS = "x".charCodeAt(0);

/** The bytes of a text in base 85: five digits for four bytes. */
function decoded(text) {
  const bytes = new Uint8Array(Math.ceil((text.length / 5) * 4)), view = new DataView(bytes.buffer);
  const digit = (at) => {
    const code = text.charCodeAt(at);
    return (code === LESS ? "<".charCodeAt(0) : code) - DIGIT;
  };
  for (let from = 0; from < text.length; from += 5) {
    let number = 0;
    for (let at = from; at < from + 5; at++) number = number * 85 + digit(at);
    view.setUint32((from / 5) * 4, number);
  }
  return bytes;
}

/** Compiles the program. */
async function compiled() {
  const { size } = document.getElementById("module").dataset;
  const bytes = decoded(document.getElementById("module").textContent).subarray(0, Number(size));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.compile(await new Response(unpacked).arrayBuffer());
}
