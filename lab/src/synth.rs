//! Cases and captures on disk: written, read and disturbed.

use crate::capture::Capture;
use crate::disturb::{Disturbance, ip_offset, renumber};
use crate::ordinary::Ordinary;
use crate::scenario::Scenario;
use crate::truth::Truth;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use syncookie_testkit::ByteOrder::Little;
use syncookie_testkit::ip::wire_length;
use syncookie_testkit::link::RAW;
use syncookie_testkit::pcap::{self, Record, Resolution::Nano};
use syncookie_testkit::rng::Rng;

/// Builds scenarios, each into a folder of its name.
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
    write_pcap(&mut file, capture)?;
    file.flush()?;
    write_truth(folder, &capture.truth)
}

/// Writes a capture as a pcap file: raw IP, times in nanoseconds.
pub fn write_pcap(out: &mut impl Write, capture: &Capture) -> io::Result<()> {
    write_header(out)?;
    write_packets(out, capture)
}

fn write_header(out: &mut impl Write) -> io::Result<()> {
    out.write_all(&pcap::file_header(Little, Nano, pcap::SNAP_LENGTH, RAW))
}

fn write_packets(out: &mut impl Write, capture: &Capture) -> io::Result<()> {
    capture.packets.iter().try_for_each(|(time, packet)| {
        out.write_all(&pcap::record_header(Little, Nano, *time, packet.len(), wire_length(packet)))?;
        out.write_all(packet)
    })
}

/// Reads a pcap file, without an incomplete record at its end: the program that captured was
/// stopped.
///
/// # Errors
/// When the file cannot be read, or is not a pcap file.
pub fn read_pcap(path: &Path) -> io::Result<pcap::Capture> {
    let parsed = pcap::Capture::parse(&fs::read(path)?);
    let invalid = |why| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {why}", path.display()));
    parsed.map(|(capture, _)| capture).map_err(invalid)
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
        write_header(file)?;
    }
    let mut made = (0, 0);
    for capture in Ordinary::new(seed, handshakes) {
        made = (made.0 + capture.truth.handshakes.len(), made.1 + capture.packets.len());
        if let Some(file) = &mut file {
            write_packets(file, &capture)?;
        }
    }
    if let Some(mut file) = file {
        file.flush()?;
    }
    Ok(made)
}

/// Disturbs a file, or every case below a folder, its truth included.
pub fn disturb(input: &Path, output: &Path, worse: Disturbance, seed: u64) -> io::Result<()> {
    let mut rng = Rng::new(seed).fork("disturb");
    if input.is_file() {
        return disturb_file(input, output, worse, &mut rng).map(drop);
    }
    for entry in sorted(input)? {
        let target = output.join(entry.file_name().unwrap_or_default());
        if entry.is_dir() {
            disturb(&entry, &target, worse, rng.next_u64())?;
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

/// Returns the entries of a folder, sorted.
pub fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<_> = fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths)
}

fn disturb_file(input: &Path, output: &Path, worse: Disturbance, rng: &mut Rng) -> io::Result<Vec<Option<usize>>> {
    let pcap::Capture { link, records } = read_pcap(input)?;
    let packets = records.into_iter().map(|record| (record.nanos, record)).collect();
    let ip = |record: &Record| {
        let at = ip_offset(link, &record.bytes).filter(|&at| at <= record.bytes.len());
        at.unwrap_or(record.bytes.len())
    };
    let (packets, moved) = worse.apply(packets, |record| &record.bytes[ip(record)..], rng);
    let records = packets.into_iter().map(|(nanos, record)| Record { nanos, ..record }).collect();
    fs::write(output, pcap::Capture { link, records }.write(Little, Nano))?;
    Ok(moved)
}
