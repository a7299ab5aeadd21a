//! `syncookie-lab`: makes, disturbs and scores labelled captures.

mod cli;

use cli::Arguments;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use syncookie_lab::disturb::Disturbance;
use syncookie_lab::expect::Side;
use syncookie_lab::judge;
use syncookie_lab::ordinary::Ordinary;
use syncookie_lab::record::{self, agent::Visits};
use syncookie_lab::rng::Rng;
use syncookie_lab::scenario::{self, Scenario};
use syncookie_lab::score::{self, Score};
use syncookie_lab::{Capture, accuracy, synth};

const USAGE: &str = "\
usage: syncookie-lab synth OUT_DIR [--seed N] [--jitter-ms J] [--loss P] [SCENARIO…]
       syncookie-lab synth --list
       syncookie-lab ordinary --handshakes N [--seed N] [--out FILE.pcap]
       syncookie-lab disturb IN OUT [--jitter-ms J] [--loss P] [--seed N]     (files, or folders of cases)
       syncookie-lab record OUT_DIR [RECORDING…]     (root; makes network namespaces, removes them again)
       syncookie-lab record --list
       syncookie-lab alarms [--handshakes N] [--seed N] [--jitter-ms J] [--loss P] [--keep DIR]
                     pushes ordinary traffic and every scenario through the engine in this process
       syncookie-lab accuracy DOCUMENT [--recorded DIR] [--fresh DIR] [--handshakes N]
                     measures, and replaces the tables in the document
       syncookie-lab score SYNCOOKIE FOLDER… [--wrong] [--min-recall R]
                     runs the batch tool on recorded or written cases";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    match Arguments::parse(args, &["list", "wrong", "resets", "aborts"]).and_then(|args| run(&command, &args)) {
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
        "record" if args.has("list") => {
            record::all().iter().for_each(|r| println!("{:26} {:36} {}", r.name, r.label, r.note));
            Ok(ExitCode::SUCCESS)
        }
        "record" if !first.is_empty() => recordings(Path::new(first), rest),
        "agent" => agent(first, args),
        "alarms" => alarms(args, seed, worse),
        "accuracy" if !first.is_empty() => {
            let plan = accuracy::Plan {
                recorded: args.text("recorded").unwrap_or("tests/captures").into(),
                fresh: args.text("fresh").map(Into::into),
                handshakes: args.get("handshakes", 0)?,
            };
            done(accuracy::write(Path::new(first), &plan))
        }
        "score" if !rest.is_empty() => score(args, first, rest),
        "disturb" if rest.len() == 1 => done(synth::disturb(Path::new(first), Path::new(&rest[0]), worse, seed)),
        _ => Err(USAGE.to_owned()),
    }
}

/// Records, goes on after a failure, and says at the end what failed.
fn recordings(out: &Path, names: &[String]) -> Result<ExitCode, String> {
    if let Some(why) = record::impossible() {
        return Err(format!("recording needs root, network namespaces and iproute2: {why}"));
    }
    let all = record::all();
    if let Some(unknown) = names.iter().find(|n| !all.iter().any(|r| r.name == n.as_str())) {
        return Err(format!("no recording {unknown}; see record --list"));
    }
    let mut failed = 0;
    for plan in all.iter().filter(|r| names.is_empty() || names.iter().any(|n| n == r.name)) {
        let outcome = record::record(out, plan);
        let skipped = outcome.as_ref().is_err_and(|e| e.kind() == std::io::ErrorKind::Unsupported);
        let words = match &outcome {
            Ok(()) => "ok".to_owned(),
            Err(why) if skipped => format!("SKIPPED: {why}"),
            Err(why) => format!("FAILED: {why}"),
        };
        println!("{:26} {words}", plan.name);
        failed += u32::from(outcome.is_err() && !skipped);
    }
    if failed == 0 { Ok(ExitCode::SUCCESS) } else { Err(format!("{failed} recordings failed")) }
}

/// The programs that `record` starts inside the namespaces.
fn agent(which: &str, args: &Arguments) -> Result<ExitCode, String> {
    let text = |e: std::io::Error| format!("agent {which}: {e}");
    let result = match which {
        "serve" => {
            let mode = args.text("mode").unwrap_or("http");
            record::agent::serve(mode, args.get("backlog", 128)?, args.get("size", 3000)?).map_err(text)?;
            return Ok(ExitCode::SUCCESS);
        }
        "visit" => record::agent::visit(Visits {
            to: args.get("to", SocketAddr::from(([10, 0, 2, 2], 80)))?,
            times: args.get("times", 1)?,
            at_once: args.get("at-once", 1)?,
            pause: Duration::from_millis(args.get("pause-ms", 0)?),
            source_port: args.get("source-port", 0)?,
            resets: args.has("resets"),
            aborts: args.has("aborts"),
        }),
        "flood" => record::agent::flood(args.get("rate", 100)?, args.get("seconds", 1)?).map_err(text)?,
        "wrong-ack" => record::agent::wrong_ack(args.get("times", 1)?).map_err(text)?,
        "gone-ack" => record::agent::gone_ack(args.get("times", 1)?).map_err(text)?,
        "late-ack" => record::agent::late_ack(args.get("times", 1)?).map_err(text)?,
        _ => return Err(USAGE.to_owned()),
    };
    println!("{result}");
    Ok(ExitCode::SUCCESS)
}

/// Every scenario, then ordinary traffic, judged by the engine in this process.
fn alarms(args: &Arguments, seed: u64, worse: Disturbance) -> Result<ExitCode, String> {
    let mut total = Score::default();
    println!("{}", score::HEAD);
    for scenario in chosen(&args.positions)? {
        let capture = worse.capture(scenario.build(seed), &mut Rng::new(seed).fork(scenario.name));
        let score = judged(&capture, args)?;
        println!("{}", score::row(scenario.name, &score));
        total += &score;
    }
    let mut rng = Rng::new(seed).fork("disturb");
    for capture in Ordinary::new(seed, args.get("handshakes", 0)?) {
        total += &judged(&worse.capture(capture, &mut rng), args)?;
    }
    println!("\n{}", score::summary(&total));
    Ok(if total.false_alarms == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn judged(capture: &Capture, args: &Arguments) -> Result<Score, String> {
    let mut alarms = 0;
    let score = Score::of(&capture.truth, Side::Client, &judge::in_process(capture), |what, j| {
        alarms += u32::from(what == "false alarm");
        if args.has("wrong") {
            let said = format!("{} {} {:?} {}", j.verdict, j.confidence, j.implementations, j.outcome);
            println!("  {what}: frame {} {} > {}: {said}: {}", j.syn_ack.unwrap_or(0), j.client, j.server, j.why);
        }
    });
    if let Some(folder) = args.text("keep").filter(|_| alarms > 0) {
        let first = capture.packets.first().map_or(0, |(t, _)| *t);
        let folder = Path::new(folder).join(format!("{}-{first}", capture.truth.name));
        synth::write_case(&folder, capture).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    Ok(score)
}

fn score(args: &Arguments, tool: &str, folders: &[String]) -> Result<ExitCode, String> {
    let folders: Vec<_> = folders.iter().map(Into::into).collect();
    let mut wrong = |line: String| {
        if args.has("wrong") {
            println!("{line}");
        }
    };
    let (rows, total) = score::folders(Path::new(tool), &folders, &mut wrong).map_err(|e| e.to_string())?;
    println!("{}\n{}\n\n{}\n{}", score::HEAD, rows.join("\n"), score::summary(&total), score::causes(&total));
    let enough =
        total.recall() >= args.get("min-recall", 0.99)? && total.cause_right() >= args.get("min-cause", 0.95)?;
    let good = enough && total.false_alarms == 0 && total.unreadable == 0 && total.handshakes > 0;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
