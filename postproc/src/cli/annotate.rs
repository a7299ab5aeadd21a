//! `syncookie annotate`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  syncookie annotate trace.pcap -o annotated.pcapng
      Everything, with comments; in Wireshark: Analyze, Expert Information, or the
      display filter frame.comment
  syncookie annotate trace.pcap --only-findings -o small.pcapng
      Only the connections that matter, and what their verdicts rest on
  syncookie annotate trace.pcap --only-findings --anonymize -o mailed.pcapng
      The same, to be given to others
  syncookie annotate captures --quiet -o all.pcapng
      Several captures, one after the other, without remarks
  syncookie annotate trace.pcap -o - | tshark -r - -Y frame.comment
      Into a pipe

Exit codes:
  0  all captures were annotated
  1  wrong usage, nothing there, or the capture could not be written
  2  some captures could not be read or were cut short; the rest was annotated";

/// Write captures again as pcapng, with a comment on every frame that a finding stands on.
///
/// The comments are on the SYN-ACK (verdict, confidence, evidence, cause and check), on the reset that ended the
/// handshake and on the frame that settled the verdict; what is ordinary and worked has none. They name frames of the
/// file that is written. Link types, names of interfaces, times and comments that are there already are kept.
///
/// Several captures are written one after the other, each analysed for itself; rotated files are one capture. To see
/// captures of one connection from two places side by side, annotate each of them.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Annotate {
    /// Captures, folders of them, or - for standard input, as for analyze
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Where to write the capture; - is standard output. The file appears when it is complete
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// Keep only the connections with a finding
    ///
    /// A finding is an answer by a cookie or a proxy, or a failure. Of the other connections to the same listeners the frames
    /// are kept that the verdicts rest on, so that an analysis of the result says the same; whether it does is checked.
    #[arg(long)]
    pub only_findings: bool,

    /// Replace addresses and leave out everything that may tell who it was
    ///
    /// IP and hardware addresses become others, the same for the same and prefix by prefix, by a random key that is not
    /// kept. Of each packet, the TCP/IP headers of the innermost one are written, with checksums that are right, and
    /// nothing else: no payload, no tunnels, no VLAN tags, no options that may hold an address, no comments and no names
    /// of interfaces. Of a frame that holds no TCP, time and length are. Ports, times, sequence numbers, timestamps and
    /// hop limits stay, so that every verdict does.
    #[arg(long)]
    pub anonymize: bool,

    /// No progress and no remarks on standard error; what could not be read is still named
    #[arg(short, long)]
    pub quiet: bool,
}
