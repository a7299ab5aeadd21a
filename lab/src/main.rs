//! `syncookie-lab`: makes, disturbs and scores labelled captures.

mod cli;

use cli::Arguments;
use std::path::Path;
use std::process::ExitCode;
use syncookie_lab::disturb::Disturbance;
use syncookie_lab::scenario::{self, Scenario};
use syncookie_lab::synth;

const USAGE: &str = "\
usage: syncookie-lab synth OUT_DIR [--seed N] [--jitter-ms J] [--loss P] [SCENARIO…]
       syncookie-lab synth --list
       syncookie-lab ordinary --handshakes N [--seed N] [--out FILE.pcap]
       syncookie-lab disturb IN OUT [--jitter-ms J] [--loss P] [--seed N]     (files, or folders of cases)";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    match Arguments::parse(args, &["list"]).and_then(|args| run(&command, &args)) {
        Ok(code) => code,
        Err(why) => {
            eprintln!("syncookie-lab: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, args: &Arguments) -> Result<ExitCode, String> {
    let seed = args.get("seed", 1)?;
    let worse = Disturbance { jitter_ms: args.get("jitter-ms", 0.0)?, loss: args.get("loss", 0.0)? };
    let (first, rest) = args.positions.split_first().map_or(("", &[][..]), |(f, r)| (f.as_str(), r));
    match command {
        "synth" if args.has("list") => {
            scenario::all().iter().for_each(|s| println!("{:28} {:34} {}", s.name, s.label, s.note));
            Ok(ExitCode::SUCCESS)
        }
        "synth" if !first.is_empty() => done(synth::synth(Path::new(first), seed, &chosen(rest)?, worse)),
        "ordinary" => {
            let out = args.text("out").map(Path::new);
            let made = synth::ordinary(out, seed, args.get("handshakes", 10_000)?).map_err(|e| e.to_string())?;
            println!("{} handshakes, {} packets", made.0, made.1);
            Ok(ExitCode::SUCCESS)
        }
        "disturb" if rest.len() == 1 => done(synth::disturb(Path::new(first), Path::new(&rest[0]), worse, seed)),
        _ => Err(USAGE.to_owned()),
    }
}

fn done(result: std::io::Result<()>) -> Result<ExitCode, String> {
    result.map(|()| ExitCode::SUCCESS).map_err(|e| e.to_string())
}

fn chosen(names: &[String]) -> Result<Vec<Scenario>, String> {
    if names.is_empty() {
        return Ok(scenario::all());
    }
    let find = |name: &String| scenario::find(name).ok_or_else(|| format!("no scenario {name}; see synth --list"));
    names.iter().map(find).collect()
}
