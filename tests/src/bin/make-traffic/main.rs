//! Makes large captures of synthetic traffic for benchmarks; `script/bench` and `script/bench-plugin` run it.
//!
//! `make-traffic KIND pcap|pcapng NUMBER FILE [SEED]`; a FILE of `-` is standard output. The same arguments always give the
//! same bytes, and a smaller NUMBER gives the beginning of the same traffic.
//!
//! | kind | NUMBER of | traffic |
//! |---|---|---|
//! | `full` | packets | short and long connections, and datagrams, captured whole |
//! | `headers` | packets | the same, cut after the headers |
//! | `long` | packets | mostly of long connections, cut after the headers |
//! | `flood` | SYNs | to one listener, which answers none of them |
//! | `proxied` | handshakes | with one listener behind a SYN proxy; the server resets each |
//! | `ordinary` | connections | short and complete, of random clients to 1000 listeners |
//! | `typical` | connections | TLS, one of 24 answered by a SYN proxy, and DNS, captured whole |
//! | `dense` | connections | the same, opened and closed without data |

mod dissected;
mod flow;
mod kinds;
mod writer;

use std::fs::File;
use std::io::{Result, Write, stdout};

use dissected::dissected;
use flow::Flow;
use writer::CaptureWriter;

/// Snap length of the kinds that are cut, in bytes.
const SNAP_LENGTH: usize = 96;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (named, seed) = arguments.split_at(arguments.len().min(4));
    let [kind, format, number, path] = named else { usage() };
    let (Ok(number), true) = (number.parse(), ["pcap", "pcapng"].contains(&format.as_str())) else { usage() };
    let Ok(seed) = seed.first().map_or(Ok(0), |seed| seed.parse()) else { usage() };
    if let Err(error) = make(kind, format == "pcapng", number, path, seed) {
        eprintln!("make-traffic: {path}: {error}");
        std::process::exit(1);
    }
}

fn usage() -> ! {
    eprintln!(
        "usage: make-traffic full|headers|long|flood|proxied|ordinary|typical|dense pcap|pcapng NUMBER FILE [SEED]\n\
         FILE may be -; SEED does not change typical and dense"
    );
    std::process::exit(1)
}

fn make(kind: &str, pcapng: bool, number: u64, path: &str, seed: u64) -> Result<()> {
    let snap_length = if ["full", "typical", "dense"].contains(&kind) { usize::from(u16::MAX) } else { SNAP_LENGTH };
    let output: Box<dyn Write> = if path == "-" { Box::new(stdout()) } else { Box::new(File::create(path)?) };
    let mut writer = CaptureWriter::new(output, pcapng, snap_length)?;
    match kind {
        "full" | "headers" => kinds::mixed(&mut writer, number, seed, Flow::new)?,
        "long" => kinds::mixed(&mut writer, number, seed, kinds::long)?,
        "flood" => kinds::flood(&mut writer, number, seed)?,
        "proxied" => kinds::proxied(&mut writer, number, seed)?,
        "ordinary" => kinds::ordinary(&mut writer, number, seed)?,
        "typical" => dissected(&mut writer, number, 5)?,
        "dense" => dissected(&mut writer, number, 0)?,
        _ => usage(),
    }
    writer.finish()
}
