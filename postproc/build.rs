//! Puts the WebAssembly module of the page into the program, if there is one.

use std::path::Path;
use std::{env, fs};

/// Names the module, compressed with gzip. `script/page` builds it.
const MODULE: &str = "SYNCOOKIE_PAGE_MODULE";

fn main() {
    println!("cargo::rerun-if-env-changed={MODULE}");
    let module = match env::var_os(MODULE) {
        Some(path) => {
            println!("cargo::rerun-if-changed={}", path.display());
            fs::read(&path).unwrap_or_else(|error| panic!("{MODULE}={}: {error}", path.display()))
        }
        None => Vec::new(),
    };
    let folder = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&folder).join("page-module"), module).expect("cargo's folder can be written to");
}
