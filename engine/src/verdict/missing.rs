//! What an undetermined handshake lacks, for the person who has to decide.

use crate::listener::Listener;
use crate::listener::isn_layout::IsnLayout;

/// Returns one sentence for each thing that would have decided it. `is_stripped`: the SYN-ACK lost
/// the options that a cookie loses.
pub(super) fn missing(listener: &Listener<'_>, index: usize, is_stripped: bool) -> Vec<String> {
    let handshake = listener.handshakes[index];
    let Some(syn_ack) = handshake.syn_ack else {
        return vec!["no SYN-ACK was captured: nobody is seen to have answered".to_owned()];
    };
    let mut sentences: Vec<&str> = Vec::new();
    match handshake.syn {
        None => sentences.push("the SYN was not captured: what the client offered is not known"),
        Some(syn) if syn.options.timestamps.is_none() => {
            sentences.push(
                "the client offered no timestamps: repeat with a client that does, and the clock of the SYN-ACK tells",
            );
        }
        Some(_) if syn_ack.options.timestamps.is_none() => {
            sentences.push("the server sent no timestamps: its clock cannot be compared")
        }
        Some(_) if !handshake.server_segments.iter().any(|l| l.timestamp.is_some()) => {
            sentences
                .push("no later segment of the server was captured: its clock cannot be compared with the SYN-ACK's");
        }
        Some(_) => {}
    }
    if listener.isn_layout == IsnLayout::Freebsd {
        sentences.push(
            "the server is a FreeBSD host, which computes every ISN as a cookie: only a repeated SYN-ACK shows that it \
             kept state; on the server, netstat -s -p tcp counts the cookies sent and received",
        );
    }
    if handshake.simultaneous {
        sentences.push("both sides opened at once: there is no SYN-ACK in the usual sense");
    }
    if is_stripped {
        sentences.push(
            "the SYN-ACK has an MSS and nothing else, which a SYN cookie and a server with its options switched off \
             share: another handshake of this listener, outside of an overload or with timestamps, tells them apart",
        );
    }
    if sentences.is_empty() {
        sentences.push("what was seen speaks neither clearly for nor clearly against");
    }
    sentences.into_iter().map(str::to_owned).collect()
}
