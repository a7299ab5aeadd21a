//! Writing synthetic captures to folders, and disturbing captures on disk.

use crate::capture::Capture;
use crate::disturb::{Disturbance, ip_offset, renumber};
use crate::ordinary::Ordinary;
use crate::pcap;
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::truth::Truth;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Builds scenarios into folders of their names.
pub fn synth(out: &Path, seed: u64, scenarios: &[Scenario], worse: Disturbance) -> io::Result<()> {
    for scenario in scenarios {
        let capture = worse.capture(scenario.build(seed), &mut Rng::new(seed).fork("disturb"));
        write_case(&out.join(scenario.name), &capture)?;
        println!(
            "{:28} {:>4} handshakes {:>6} packets",
            scenario.name,
            capture.truth.handshakes.len(),
            capture.packets.len()
        );
    }
    Ok(())
}

/// Writes `client.pcap` and `truth.json`.
pub fn write_case(folder: &Path, capture: &Capture) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = BufWriter::new(File::create(folder.join("client.pcap"))?);
    pcap::write(&mut file, capture)?;
    file.flush()?;
    write_truth(folder, &capture.truth)
}

/// Writes `truth.json`.
pub fn write_truth(folder: &Path, truth: &Truth) -> io::Result<()> {
    fs::write(folder.join("truth.json"), serde_json::to_string_pretty(truth)?)
}

/// Reads `truth.json`.
pub fn read_truth(folder: &Path) -> io::Result<Truth> {
    let path = folder.join("truth.json");
    let text = fs::read_to_string(&path)?;
    serde_json::from_str(&text)
        .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {e}", path.display())))
}

/// Writes ordinary traffic into one file, or only counts it. Returns handshakes and packets.
pub fn ordinary(out: Option<&Path>, seed: u64, handshakes: usize) -> io::Result<(usize, usize)> {
    let mut file = match out {
        Some(path) => Some(BufWriter::new(File::create(path)?)),
        None => None,
    };
    if let Some(file) = &mut file {
        pcap::write_header(file, pcap::RAW)?;
    }
    let mut made = (0, 0);
    for capture in Ordinary::new(seed, handshakes) {
        made = (made.0 + capture.truth.handshakes.len(), made.1 + capture.packets.len());
        if let Some(file) = &mut file {
            pcap::write_packets(file, &capture)?;
        }
    }
    if let Some(mut file) = file {
        file.flush()?;
    }
    Ok(made)
}

/// Disturbs a file, or every case below a folder (truth included).
pub fn disturb(input: &Path, output: &Path, worse: Disturbance, seed: u64) -> io::Result<()> {
    let mut rng = Rng::new(seed).fork("disturb");
    if input.is_file() {
        return disturb_file(input, output, worse, &mut rng).map(drop);
    }
    for entry in sorted(input)? {
        let target = output.join(entry.file_name().unwrap_or_default());
        if entry.is_dir() {
            disturb(&entry, &target, worse, rng.next())?;
        }
    }
    if input.join("truth.json").exists() {
        fs::create_dir_all(output)?;
        let mut truth = read_truth(input)?;
        for side in ["client.pcap", "server.pcap"] {
            if input.join(side).exists() {
                let moved = disturb_file(&input.join(side), &output.join(side), worse, &mut rng)?;
                if side == "client.pcap" {
                    renumber(&mut truth, &moved);
                }
            }
        }
        write_truth(output, &truth)?;
    }
    Ok(())
}

/// What a folder holds, in order of names.
pub fn sorted(folder: &Path) -> io::Result<Vec<std::path::PathBuf>> {
    let mut paths: Vec<_> = fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths)
}

fn disturb_file(input: &Path, output: &Path, worse: Disturbance, rng: &mut Rng) -> io::Result<Vec<Option<usize>>> {
    let (link, records) = pcap::read(&mut File::open(input)?)?;
    let packets = records.into_iter().map(|r| (r.time, r)).collect();
    let ip = |r: &pcap::Record| {
        ip_offset(link, &r.bytes)
            .and_then(|at| r.bytes.get(at..))
            .map_or(0..0, |ip| r.bytes.len() - ip.len()..r.bytes.len())
    };
    let (packets, moved) = worse.apply(packets, |r| &r.bytes[ip(r)], rng);
    let mut file = BufWriter::new(File::create(output)?);
    pcap::write_header(&mut file, link)?;
    for (time, record) in &packets {
        pcap::write_record(&mut file, *time, record.length as usize, &record.bytes)?;
    }
    file.flush()?;
    Ok(moved)
}
