//! `syncookie page`: writes the page that analyses captures in a browser.
//!
//! The page carries the whole program as WebAssembly. A worker of the page runs it with the files
//! of the user as its file system (`assets/wasi.js`), so the page has no logic of its own.

mod base85;

use std::borrow::Cow;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::cli::Page;
use crate::output::Output;
use crate::report::html::escape::source_hash;
use crate::report::html::template::{fill, unknown_mark};
use crate::report::html::{STYLE as REPORT_STYLE, script_sources};
use base85::Base85;

/// The module that is part of this build (`build.rs`); empty if there is none.
const MODULE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/page-module"));

/// First bytes of a file that gzip wrote (RFC 1952 section 2.3.1).
const GZIP: &[u8] = b"\x1f\x8b";

const PAGE: &str = include_str!("assets/page.html");
const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = concat!(
    "\"use strict\";\n(() => {\n",
    include_str!("assets/module.js"),
    include_str!("assets/program.js"),
    include_str!("assets/collect.js"),
    include_str!("assets/roles.js"),
    include_str!("assets/main.js"),
    "})();\n"
);
const WORKER: &str = concat!(
    "\"use strict\";\n",
    include_str!("assets/files.js"),
    include_str!("assets/wasi.js"),
    include_str!("assets/worker.js")
);

/// Reason why the page was not written.
#[derive(Debug, Error)]
pub enum Failure {
    /// This build has no module.
    #[error(
        "this build does not contain the page; build it with script/page in the source folder, or name its module with --module"
    )]
    NoModule,
    /// The module cannot be read.
    #[error("--module: {}: {error}", path.display())]
    Module {
        /// Path of the module.
        path: PathBuf,
        /// What is wrong with it.
        error: io::Error,
    },
    /// The page could not be written.
    #[error("the page could not be written: {0}")]
    Output(#[source] io::Error),
}

/// Writes the page.
pub fn run(args: &Page) -> Result<(), Failure> {
    let module = module(args.module.as_deref())?;
    let mut output = Output::open(&args.output).map_err(Failure::Output)?;
    write(&module, &mut output).and_then(|()| output.finish()).map_err(Failure::Output)
}

/// Returns the compressed module.
fn module(path: Option<&Path>) -> Result<Cow<'static, [u8]>, Failure> {
    let Some(path) = path else {
        return if MODULE.is_empty() { Err(Failure::NoModule) } else { Ok(MODULE.into()) };
    };
    let read = fs::read(path).and_then(|module| match module.starts_with(GZIP) {
        true => Ok(module.into()),
        false => Err(io::Error::other("it is not compressed with gzip")),
    });
    read.map_err(|error| Failure::Module { path: path.into(), error })
}

fn write(module: &[u8], output: &mut impl Write) -> io::Result<()> {
    fill(PAGE, output, |mark, output| match mark {
        "policy" => write!(output, "{}", policy()),
        "report-style" => output.write_all(REPORT_STYLE.as_bytes()),
        "style" => output.write_all(STYLE.as_bytes()),
        "version" => write!(output, "{}", env!("CARGO_PKG_VERSION")),
        "size" => write!(output, "{}", module.len()),
        "module" => write!(output, "{}", Base85(module)),
        "worker" => output.write_all(WORKER.as_bytes()),
        "script" => output.write_all(SCRIPT.as_bytes()),
        _ => Err(unknown_mark(mark)),
    })
}

/// Returns the content security policy: nothing is loaded, and the scripts that run are those of the
/// page and of the report, which is shown inside it and inherits this policy.
fn policy() -> String {
    format!(
        "default-src 'none'; connect-src 'none'; script-src {} {} 'wasm-unsafe-eval'; style-src {} {}; \
         worker-src blob:; img-src data:; base-uri 'none'; form-action 'none'",
        source_hash(SCRIPT.as_bytes()),
        script_sources(),
        source_hash(STYLE.as_bytes()),
        source_hash(REPORT_STYLE.as_bytes())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_allows_no_connection_and_no_script_but_its_own() {
        let mut page = Vec::new();
        write(b"\x1f\x8bmodule", &mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        let (_, policy) = page.split_once("http-equiv=\"Content-Security-Policy\" content=\"").unwrap();
        let (policy, _) = policy.split_once('"').unwrap();
        assert!(policy.starts_with("default-src 'none'; connect-src 'none'; script-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        for part in ["src=\"", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket", "import("] {
            assert!(!page.contains(part), "{part}");
        }
        assert_eq!(page.matches("</script>").count(), 3, "no part ends its script element early");
    }

    #[test]
    fn a_module_that_is_not_compressed_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), b"\0asm").unwrap();
        let refused = module(Some(file.path())).unwrap_err().to_string();
        assert!(refused.ends_with("it is not compressed with gzip"), "{refused}");
    }
}
