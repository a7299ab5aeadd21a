//! `syncookie annotate`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::kernel_file::{KernelFile, KernelFileParser};
use crate::filter::EndpointPattern;

const EXAMPLES: &str = "\
Examples:
  syncookie annotate trace.pcap -o annotated.pcapng
      Copy the whole capture; Wireshark lists the comments in Analyze, Expert
      Information, and finds them with the display filter frame.comment
  syncookie annotate trace.pcap --only-findings -o small.pcapng
      Copy only the connections with findings
  syncookie annotate trace.pcap --only-findings --anonymize -o mailed.pcapng
      The same, without addresses and payload, to send to others
  syncookie annotate trace.pcap --kernel before.txt after.txt --server 10.9.2.1 -o annotated.pcapng
      Rank the causes with two snapshots of that server's kernel
  syncookie annotate captures --quiet -o all.pcapng
      Copy several captures into one file, without remarks
  syncookie annotate trace.pcap -o - | tshark -r - -Y frame.comment
      Write to a pipe

Exit codes:
  0  all captures were annotated
  1  wrong usage, no capture found, or the output could not be written
  2  some captures could not be read or were truncated; the rest was annotated
  130, 143  Ctrl-C or SIGTERM: the frames read so far were annotated and
     written. A second signal ends the program at once, without results
  134, 137  memory ran out: nothing was written";

/// Copy captures to pcapng, adding findings as packet comments
///
/// The SYN-ACK (the SYN, if there is no SYN-ACK) gets a comment with verdict, confidence, evidence,
/// cause and the command that confirms the cause. The reset that ended the handshake gets a comment
/// that names the SYN-ACK, and so does the later frame that decided the verdict (for example the
/// first segment of the server after its SYN-ACK). Ordinary handshakes that worked without delay
/// get none. Frame numbers in comments refer to the output file. Link types, interface names, times
/// and existing comments are kept.
///
/// Several captures are written to one file in sequence, and each is analysed separately; rotated
/// files are one capture. If captures show the same connections from two places, annotate each into
/// its own file.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, override_usage = "syncookie annotate <PATH>... --output <FILE> [OPTIONS]")]
pub struct Annotate {
    /// Captures, folders, or - for standard input, as for analyze
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Output file; - is standard output. The file is written atomically
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// Keep only the connections with findings
    ///
    /// A finding is a handshake to which at least one of these applies: a SYN cookie or SYN proxy
    /// answered it; it failed; it was delayed (by 0.2 s or more, or by an answer with a wrong
    /// acknowledgment number); its connection got stuck. The output also keeps those frames of
    /// other connections that the verdicts depend on. The result is analysed again, to check that
    /// every verdict is the same.
    #[arg(long)]
    pub only_findings: bool,

    /// Replace addresses, and remove payload and everything else that can identify hosts
    ///
    /// IP addresses that share a prefix get replacements that share a prefix of the same length.
    /// Ethernet addresses are replaced as a whole. Equal addresses get equal replacements. The
    /// random key is not kept. Only the TCP/IP headers of the innermost packet are written. Their
    /// checksums are recomputed; in a segment without payload, a TCP checksum that was wrong stays
    /// wrong. Payload, tunnels, VLAN tags, options that can contain addresses, comments and
    /// interface names are removed. Frames without TCP are emptied, except ICMP errors about a TCP
    /// segment, which keep type, code, MTU and the quoted headers. Times, ports, sequence numbers,
    /// TCP timestamps and TTLs are kept, so that every verdict is the same.
    #[arg(long)]
    pub anonymize: bool,

    /// Rank causes with counters and settings of the server's kernel, or of a SYN proxy's
    ///
    /// The same files as for analyze. Name the captures before --kernel, because --kernel takes all
    /// words up to the next option as FILEs. A FILE given without server= or proxy= is assumed to
    /// be from the server. If its SYNPROXY counters show that SYNs were answered there, it is
    /// assumed to be from the proxy. Comments then name the files, so --anonymize is not possible.
    #[arg(long, value_name = "[server=|proxy=]FILE", num_args = 1.., value_parser = KernelFileParser, value_hint = ValueHint::FilePath, conflicts_with = "anonymize")]
    pub kernel: Vec<KernelFile>,

    /// The server that the --kernel files describe [default: every server in the captures]
    ///
    /// FILE and server=FILE are taken to be from this server, and proxy=FILE from the SYN proxy in
    /// front of it. This option does not select handshakes.
    #[arg(long, value_name = "IP[:PORT]")]
    pub server: Option<EndpointPattern>,

    /// Print no progress and no remarks; errors are still printed
    #[arg(short, long)]
    pub quiet: bool,
}

impl Annotate {
    /// Returns an option that was given, and the option that it needs and that is missing.
    pub(super) fn lacking(&self) -> Option<(&'static str, &'static str)> {
        super::lacks_kernel(self.server.as_ref(), &self.kernel)
    }
}
