//! The tables of `docs/accuracy.md`: measured with the engine in this process, and written between
//! marks in the text.

use crate::alarms::{self, Alarms};
use crate::capture::Capture;
use crate::disturb::{Disturbance, ip_offset};
use crate::expect::Side;
use crate::judge::in_process;
use crate::likelihoods::{self, Likelihoods};
use crate::score::{self, Calibration, LEVELS, Rightness, Score, captures, cases};
use crate::{cause_points, scenario, synth};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use syncookie_testkit::pcap::{Capture as Pcap, Record};
use syncookie_testkit::rng::Rng;

/// Conditions under which every capture is scored: undisturbed, with jitter, with loss.
pub const CONDITIONS: [Disturbance; 3] = [
    Disturbance { jitter_ms: 0.0, loss: 0.0 },
    Disturbance { jitter_ms: 30.0, loss: 0.0 },
    Disturbance { jitter_ms: 0.0, loss: 0.05 },
];

/// Runs of ordinary traffic: seed and condition.
const RUNS: [(u64, Disturbance); 6] = [
    (7, CONDITIONS[0]),
    (13, CONDITIONS[0]),
    (14, CONDITIONS[0]),
    (15, CONDITIONS[0]),
    (11, Disturbance { jitter_ms: 30.0, loss: 0.05 }),
    (12, Disturbance { jitter_ms: 30.0, loss: 0.05 }),
];

/// Measurements to make.
#[derive(Debug)]
pub struct Plan {
    /// Folder of the recordings that are kept in the repository.
    pub recorded: PathBuf,
    /// Folder of the recordings of causes that are kept in the repository.
    pub causes: PathBuf,
    /// Folder of fresh recordings; `None` leaves their table as it is.
    pub fresh: Option<PathBuf>,
    /// Ordinary handshakes for each seed; 0 leaves the table as it is.
    pub handshakes: usize,
}

/// Scores every recording below a folder and every scenario under a condition.
///
/// # Errors
/// When a recording cannot be read.
pub fn calibrated(recorded: &Path, worse: Disturbance) -> io::Result<Score> {
    let mut total = Score::default();
    let mut add = |capture: Capture, side| {
        let mut rng = Rng::new(1).fork(&capture.truth.name);
        let capture = worse.capture(capture, &mut rng);
        total += &Score::of(&capture.truth, side, &in_process(&capture), |_, _| ());
    };
    for case in cases(recorded)? {
        for (path, side) in captures(&case) {
            add(read(&path)?, side);
        }
    }
    scenario::all().iter().for_each(|scenario| add(scenario.build(1), Side::Client));
    Ok(total)
}

/// Name and scores of a case, one score for each condition.
type Row = (String, [Score; 3]);

/// Measures, and replaces the tables in a text. A table is the part between `<!-- NAME -->` and
/// `<!-- /NAME -->`.
pub fn update(text: &str, plan: &Plan) -> io::Result<String> {
    let mut total = Score::default();
    let mut text = text.to_owned();
    let recorded = folder(&plan.recorded, &mut total)?;
    put(&mut text, "recorded", &table(&recorded))?;
    if let Some(fresh) = &plan.fresh {
        let rows = folder(fresh, &mut total)?;
        put(&mut text, "fresh", &table(&rows))?;
    }
    let synthetic: Vec<Row> = scenario::all()
        .iter()
        .map(|s| (s.name.to_owned(), conditions(&s.build(1), Side::Client, s.name, &mut total)))
        .collect();
    put(&mut text, "synthetic", &table(&synthetic))?;
    put(&mut text, "calibration", &calibration(&total))?;
    put(&mut text, "likelihoods", &weights(&plan.recorded)?)?;
    put(&mut text, "causes", &format!("\n{}\n", score::causes(&total)))?;
    put(&mut text, "capture-points", &capture_points(&plan.causes)?)?;
    if plan.handshakes > 0 {
        let mut ordinary = Score::default();
        put(&mut text, "ordinary", &million(plan.handshakes, &mut ordinary)?)?;
        put(&mut text, "calibration-ordinary", &calibration(&ordinary))?;
    }
    Ok(text)
}

/// Returns the table of first causes by capture point.
fn capture_points(folder: &Path) -> io::Result<String> {
    let undisturbed = cause_points::rows(folder, &[], Disturbance::default(), 1)?;
    let mut disturbed = Vec::new();
    for seed in cause_points::SEEDS {
        disturbed.extend(cause_points::rows(folder, &[], cause_points::DISTURBED, seed)?);
    }
    Ok(cause_points::matrix(&undisturbed, &disturbed))
}

fn put(text: &mut String, name: &str, table: &str) -> io::Result<()> {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let span = text.find(&open).map(|at| at + open.len()).zip(text.find(&close)).filter(|(from, to)| from <= to);
    let (from, to) = span.ok_or_else(|| io::Error::other(format!("no {} … {close} in the text", open.trim())))?;
    text.replace_range(from..to, table);
    Ok(())
}

/// Reads the packets of one side of a recorded case, from the IP headers on, and the truth beside
/// the file.
pub fn read(path: &Path) -> io::Result<Capture> {
    let Pcap { link, records } = synth::read_pcap(path)?;
    let packet = |record: Record| {
        let at = ip_offset(link, &record.bytes).filter(|&at| at <= record.bytes.len());
        let at = at.ok_or_else(|| io::Error::other(format!("{}: no IP under link type {link}", path.display())))?;
        Ok((record.nanos, record.bytes[at..].to_vec()))
    };
    Ok(Capture {
        packets: records.into_iter().map(packet).collect::<io::Result<_>>()?,
        truth: synth::read_truth(path.parent().unwrap_or(path))?,
    })
}

fn folder(folder: &Path, total: &mut Score) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for case in cases(folder)? {
        for (path, side) in captures(&case) {
            let place = case.strip_prefix(folder).unwrap_or(&case).display().to_string();
            let name = if side == Side::Server { format!("{place}, server") } else { place };
            let scores = conditions(&read(&path)?, side, &name, total);
            rows.push((name, scores));
        }
    }
    Ok(rows)
}

fn conditions(capture: &Capture, side: Side, name: &str, total: &mut Score) -> [Score; 3] {
    CONDITIONS.map(|worse| {
        let capture = worse.capture(capture.clone(), &mut Rng::new(1).fork(name));
        let score = Score::of(&capture.truth, side, &in_process(&capture), |_, _| ());
        *total += &score;
        score
    })
}

/// Returns a number for each condition, or a single one when all are the same.
fn each(scores: &[Score; 3], show: impl Fn(&Score) -> String) -> String {
    let shown = scores.each_ref().map(show);
    if shown.iter().all(|s| *s == shown[0]) { shown[0].clone() } else { shown.join(" · ") }
}

fn found(s: &Score) -> String {
    Rightness { all: s.hits + s.misses + s.wrong_kind, right: s.hits }.to_string()
}

fn table(rows: &[Row]) -> String {
    let mut text = "\n| case | handshakes | found | wrong kind | false alarms | reported `ordinary` | undecidable | implementation | first cause |\n|---|---|---|---|---|---|---|---|---|\n".to_owned();
    let mut sum: [Score; 3] = Default::default();
    for (name, scores) in rows {
        if scores[0].handshakes > 0 {
            line(&mut text, &format!("`{name}`"), scores);
        }
        sum.iter_mut().zip(scores).for_each(|(sum, score)| *sum += score);
    }
    line(&mut text, "**all**", &sum);
    let recall = sum.each_ref().map(|s| format!("{:.2} %", s.recall() * 100.0)).join(" · ");
    let _ = write!(text, "\nShare of the decidable cookie-style handshakes that were found: {recall}.\n\n");
    text
}

fn line(text: &mut String, name: &str, scores: &[Score; 3]) {
    let cells = [
        each(scores, |s| s.handshakes.to_string()),
        each(scores, found),
        each(scores, |s| s.wrong_kind.to_string()),
        each(scores, |s| s.false_alarms.to_string()),
        each(scores, |s| Rightness { all: s.ordinary, right: s.ordinary_named }.to_string()),
        each(scores, |s| s.undecidable.to_string()),
        each(scores, |s| s.implementation.to_string()),
        each(scores, |s| s.cause.to_string()),
    ];
    let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
}

fn million(handshakes: usize, total: &mut Score) -> io::Result<String> {
    let mut text =
        "\n| seed | jitter | lost | handshakes | at `likely` | at `certain` | at `possible` | reported `ordinary` | first cause |\n|---|---|---|---|---|---|---|---|---|\n".to_owned();
    let mut all = Alarms::default();
    for (seed, worse) in RUNS {
        let alarms = alarms::ordinary(seed, handshakes, worse, &|_, _| Ok(()))?;
        let score = alarms.total();
        let [possible, likely, certain] = score.cookie_style.map(|of_level| of_level.all);
        let _ = writeln!(
            text,
            "| {seed} | {} ms | {} % | {} | {likely} | {certain} | {possible} | {:.1} % | {} |",
            worse.jitter_ms,
            worse.loss * 100.0,
            score.ordinary,
            100.0 * score.ordinary_named as f64 / score.ordinary.max(1) as f64,
            score.cause
        );
        all.merge(&alarms);
    }
    *total += &all.total();
    let _ = writeln!(text, "\nBy kind of traffic, over all runs:\n\n{}", all.table());
    Ok(text)
}

fn calibration(total: &Score) -> String {
    let mut text =
        "\n| confidence | verdict | captures | handshakes | right | share |\n|---|---|---|---|---|---|\n".to_owned();
    for level in LEVELS {
        for verdict in ["syn-cookie", "syn-proxy", "ordinary"] {
            let Calibration { captures, findings } = total.calibration(level, verdict);
            if findings.all > 0 {
                let (Rightness { all, right }, share) = (findings, 100.0 * findings.share());
                let _ = writeln!(text, "| `{level}` | `{verdict}` | {captures} | {all} | {right} | {share:.2} % |");
            }
        }
    }
    text.push('\n');
    text
}

/// Returns the table of weights: by the recordings, else by synthetic captures.
fn weights(recorded: &Path) -> io::Result<String> {
    let mut likelihoods = Likelihoods::default();
    likelihoods.add_folder(recorded)?;
    likelihoods.add_synthetic();
    Ok(likelihoods::table(&likelihoods.rows()))
}

/// Measures, and replaces the tables in a document.
pub fn write(document: &Path, plan: &Plan) -> io::Result<()> {
    let text = update(&fs::read_to_string(document)?, plan)?;
    fs::write(document, text)
}
