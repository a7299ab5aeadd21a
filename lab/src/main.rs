//! `syncookie-lab`: makes, disturbs and scores labelled captures.

mod cli;

use clap::Parser;
use cli::{Agent, Cli, Command};
use std::error::Error;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use syncookie_lab::alarms;
use syncookie_lab::cause_points;
use syncookie_lab::disturb::Disturbance;
use syncookie_lab::expect::Side;
use syncookie_lab::judge::{self, Judged};
use syncookie_lab::likelihoods::{self, Likelihoods};
use syncookie_lab::record;
use syncookie_lab::record::agent::{self, Visits};
use syncookie_lab::record::causes::{self, programs};
use syncookie_lab::scenario::{self, Scenario};
use syncookie_lab::score::{self, Score};
use syncookie_lab::{Capture, accuracy, synth};
use syncookie_testkit::rng::Rng;

/// Time for which a device acts; the recording ends it earlier.
const DEVICE_TIME: Duration = Duration::from_secs(60);

/// How a subcommand ends.
type Outcome = Result<ExitCode, Box<dyn Error>>;

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("syncookie-lab: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Outcome {
    match command {
        Command::Synth(args) => return build(&args),
        Command::Record(args) => return make_recordings(&args),
        Command::Alarms(args) => return find_alarms(&args),
        Command::Score(args) => return score_tool(&args),
        Command::Causes(args) => return score_causes(&args),
        Command::Ordinary(args) => {
            let (handshakes, packets) = synth::ordinary(args.out.as_deref(), args.seed, args.handshakes)?;
            println!("{handshakes} handshakes, {packets} packets");
        }
        Command::Disturb(cli::Disturb { input, output, variation }) => {
            synth::disturb(&input, &output, variation.disturbance(), variation.seed)?;
        }
        Command::Accuracy(cli::Accuracy { document, recorded, causes, fresh, handshakes }) => {
            accuracy::write(&document, &accuracy::Plan { recorded, causes, fresh, handshakes })?;
        }
        Command::Likelihoods(args) => return fit(&args),
        Command::Agent(agent) => run_agent(agent)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn build(args: &cli::Synth) -> Outcome {
    if args.list {
        scenario::all().iter().for_each(|s| println!("{:28} {:34} {}", s.name, s.label, s.note));
    } else if let Some(out) = &args.out {
        synth::synth(out, args.variation.seed, &chosen(&args.scenarios)?, args.variation.disturbance())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Finds the scenarios of these names; all of them without a name.
fn chosen(names: &[String]) -> Result<Vec<Scenario>, String> {
    if names.is_empty() {
        return Ok(scenario::all());
    }
    let find = |name: &String| scenario::find(name).ok_or_else(|| format!("no scenario {name}; see synth --list"));
    names.iter().map(find).collect()
}

fn make_recordings(args: &cli::Record) -> Outcome {
    if args.list {
        record::all().iter().for_each(|r| println!("{:26} {:36} {}", r.name, r.label, r.note));
    } else if let Some(out) = &args.out {
        make_all(out, &args.recordings)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes recordings, continues after a failure, and reports at the end how many failed.
fn make_all(out: &Path, names: &[String]) -> Result<(), Box<dyn Error>> {
    if let Some(why) = record::impossible() {
        return Err(format!("recording needs root, network namespaces and iproute2: {why}").into());
    }
    let all = record::all();
    if let Some(unknown) = names.iter().find(|n| !all.iter().any(|r| r.name == n.as_str())) {
        return Err(format!("no recording {unknown}; see record --list").into());
    }
    let mut failed = 0;
    for plan in all.iter().filter(|r| names.is_empty() || names.iter().any(|n| n == r.name)) {
        let status = match record::record(out, plan) {
            Ok(()) => "ok".to_owned(),
            Err(why) if why.kind() == io::ErrorKind::Unsupported => format!("SKIPPED: {why}"),
            Err(why) => {
                failed += 1;
                format!("FAILED: {why}")
            }
        };
        println!("{:26} {status}", plan.name);
    }
    if failed == 0 { Ok(()) } else { Err(format!("{failed} recordings failed").into()) }
}

/// Runs one of the programs that `record` starts inside the namespaces, and prints what it saw as JSON.
fn run_agent(agent: Agent) -> io::Result<()> {
    let saw = match agent {
        Agent::Serve { mode, backlog, size } => return agent::serve(&mode, backlog, size),
        Agent::Visit { to, times, at_once, pause_ms, source_port, resets, aborts } => {
            let pause = Duration::from_millis(pause_ms);
            agent::visit(Visits { to, times, at_once, pause, source_port, resets, aborts })
        }
        Agent::Host { mode, backlog } => return programs::host::serve(&mode, backlog),
        Agent::Device { mode } => return programs::device::run(&mode, DEVICE_TIME),
        Agent::Visitor { waves } => programs::visitor::visit(&serde_json::from_str::<Vec<_>>(&waves)?),
        Agent::Forge { mode, times, hold_ms } => programs::forger::forge(&mode, times, Duration::from_millis(hold_ms))?,
        Agent::Flood { rate, seconds } => agent::flood(rate, seconds)?,
        Agent::WrongAck { times } => agent::wrong_ack(times)?,
        Agent::GoneAck { times } => agent::gone_ack(times)?,
        Agent::LateAck { times } => agent::late_ack(times)?,
    };
    println!("{saw}");
    Ok(())
}

/// Judges every scenario, then ordinary traffic, with the engine in this process.
fn find_alarms(args: &cli::Alarms) -> Outcome {
    let (seed, disturbance) = (args.variation.seed, args.variation.disturbance());
    let mut total = Score::default();
    println!("{}", score::HEAD);
    for scenario in chosen(&args.scenarios)? {
        let capture = disturbance.capture(scenario.build(seed), &mut Rng::new(seed).fork(scenario.name));
        let score = judged(&capture, args)?;
        println!("{}", score::row(scenario.name, &score));
        total += &score;
    }
    println!("\n{}", score::summary(&total));
    let ordinary = alarms::ordinary(seed, args.handshakes, disturbance, &|capture, wrong| {
        if args.wrong {
            wrong.iter().for_each(|(what, j)| println!("  {what}: {}", line(capture, j)));
        }
        keep(capture, args, wrong.iter().any(|(what, _)| what == "false alarm"))
    })?;
    print!("{ordinary}");
    Ok(exit_code(total.false_alarms == 0 && ordinary.is_acceptable()))
}

fn judged(capture: &Capture, args: &cli::Alarms) -> io::Result<Score> {
    let mut alarms = 0;
    let score = Score::of(&capture.truth, Side::Client, &judge::in_process(capture), |what, j| {
        alarms += u32::from(what == "false alarm");
        if args.wrong {
            println!("  {what}: {}", line(capture, j));
        }
    });
    keep(capture, args, alarms > 0)?;
    Ok(score)
}

/// Returns a wrong finding in one line.
fn line(capture: &Capture, j: &Judged) -> String {
    let finding = format!("{} {} {:?} {}", j.verdict, j.confidence, j.implementations, j.outcome);
    let (name, frame) = (&capture.truth.name, j.syn_ack.unwrap_or(0));
    format!("{name} frame {frame} {} > {}: {finding}: {}", j.client, j.server, j.why())
}

/// Writes a capture with a false alarm to the folder for them, if there is one.
fn keep(capture: &Capture, args: &cli::Alarms, has_alarm: bool) -> io::Result<()> {
    let Some(folder) = args.keep.as_ref().filter(|_| has_alarm) else { return Ok(()) };
    let first = capture.packets.first().map_or(0, |(t, _)| *t);
    synth::write_case(&folder.join(format!("{}-{first}", capture.truth.name)), capture)
}

fn fit(args: &cli::Likelihoods) -> Outcome {
    let mut likelihoods = Likelihoods::default();
    args.folders.iter().try_for_each(|folder| likelihoods.add_folder(folder))?;
    if args.synthetic {
        likelihoods.add_synthetic();
    }
    let rows = likelihoods.rows();
    print!("{}", likelihoods::table(&rows));
    Ok(exit_code(rows.iter().all(|row| row.outcome != likelihoods::Outcome::TooStrong)))
}

fn score_tool(args: &cli::Score) -> Outcome {
    let mut wrong = |line: String| {
        if args.wrong {
            println!("{line}");
        }
    };
    let (rows, total) = score::folders(&args.tool, &args.folders, &mut wrong)?;
    println!("{}\n{}\n\n{}\n{}", score::HEAD, rows.join("\n"), score::summary(&total), score::causes(&total));
    let enough = total.recall() >= args.min_recall && total.cause_right() >= args.min_cause;
    Ok(exit_code(enough && total.false_alarms == 0 && total.unreadable == 0 && total.handshakes > 0))
}

fn score_causes(args: &cli::Causes) -> Outcome {
    let all = causes::all();
    if args.list {
        all.iter().for_each(|r| println!("{:24} {:24} {}", r.name, r.cause, r.note));
        return Ok(ExitCode::SUCCESS);
    }
    if args.record {
        make_cause_recordings(&args.folder, &args.recordings)?;
    }
    let disturbance = args.variation.disturbance();
    let rows = cause_points::rows(&args.folder, &args.recordings, disturbance, args.variation.seed)?;
    print!("{}", cause_points::table(&rows));
    let least = if disturbance == Disturbance::default() { cause_points::LEAST } else { cause_points::LEAST_DISTURBED };
    Ok(exit_code(cause_points::is_acceptable(&rows, least)))
}

fn make_cause_recordings(out: &Path, names: &[String]) -> Result<(), Box<dyn Error>> {
    if let Some(why) = record::impossible() {
        return Err(format!("recording needs root, network namespaces and iproute2: {why}").into());
    }
    let all = causes::all();
    let chosen: Vec<_> = all.iter().filter(|r| names.is_empty() || names.iter().any(|n| n == r.name)).collect();
    let failed = causes::record_all(out, &chosen);
    failed.iter().for_each(|why| eprintln!("syncookie-lab: {why}"));
    if failed.is_empty() { Ok(()) } else { Err(format!("{} recordings failed", failed.len()).into()) }
}

fn exit_code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
