//! `syncookie page`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

const EXAMPLES: &str = "\
Examples:
  syncookie page -o syncookie.html
      Write the page, to open it in a browser or to give it to somebody
  syncookie page --module target/page/syncookie.wasm.gz -o syncookie.html
      Write it with another build of the program

Exit codes:
  0  the page was written
  1  wrong usage, this build has no page, or the page could not be written";

/// Write a page that analyses captures in a browser, without installing anything
///
/// The page is one file that contains this program as WebAssembly. Captures that are dropped on it are analysed in the
/// browser, and it shows the report of --format html. It works from a folder and makes no network requests.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Page {
    /// Output file; - is standard output. The file is written atomically
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// The program as WebAssembly, compressed with gzip [default: the one in this build]
    ///
    /// script/page builds it.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub module: Option<PathBuf>,
}
