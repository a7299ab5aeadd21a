//! Names what would decide an undetermined handshake.

use crate::listener::Listener;
use crate::listener::isn_layout::IsnLayout;

/// Sentence for a handshake without a SYN-ACK.
pub const NO_SYN_ACK: &str = "the capture has no SYN-ACK";

/// Returns one sentence for each fact that would have decided the verdict. `is_stripped`: the
/// SYN-ACK lacks the options that a cookie loses.
pub(super) fn missing(listener: &Listener<'_>, index: usize, is_stripped: bool) -> Vec<&'static str> {
    let handshake = listener.handshakes[index];
    let Some(syn_ack) = handshake.syn_ack else {
        return vec![match handshake.elsewhere() {
            Some(_) => "the SYN-ACK came from another address or port than the SYN was sent to",
            None => NO_SYN_ACK,
        }];
    };
    let later = &handshake.server_segments;
    let mut sentences = Vec::new();
    match handshake.syn {
        Some(syn) if syn.options.truncated || syn_ack.options.truncated => sentences.push(
            "the capture cut off the TCP options (snap length): which ones the client offered or the server granted is \
             not known; capture at least 128 bytes of each packet",
        ),
        None if syn_ack.options.truncated => sentences.push(
            "the SYN was not captured, and the capture cut off the options of the SYN-ACK (snap length); capture at \
             least 128 bytes of each packet",
        ),
        None => sentences.push("the SYN was not captured: the client's options are not known"),
        Some(syn) if syn.options.timestamps.is_none() => {
            sentences.push(
                "the client offered no timestamps: repeat the test with a client that does, because timestamps reveal a SYN cookie",
            );
        }
        Some(_) if syn_ack.options.timestamps.is_none() => {
            sentences.push("the SYN-ACK has no timestamps: it cannot be compared with the server's clock")
        }
        Some(_) if !later.is_empty() && later.iter().all(|segment| segment.timestamp().is_none()) => {
            sentences.push(
                "no later segment of the server has a timestamp: the server's clock cannot be compared with the SYN-ACK",
            );
        }
        Some(_) => {}
    }
    if listener.isn_layout == IsnLayout::Freebsd {
        sentences.push(
            "the server runs FreeBSD, which computes every ISN as a cookie: only a retransmitted SYN-ACK shows that it \
             kept state; on the server, netstat -s -p tcp counts the cookies sent and received",
        );
    }
    if handshake.simultaneous {
        sentences.push("both sides sent a SYN (simultaneous open): there is no ordinary SYN-ACK");
    }
    if is_stripped {
        let is_stamped = syn_ack.options.timestamps.is_some();
        let offers_timestamps = handshake.syn.is_some_and(|syn| syn.options.timestamps.is_some());
        sentences.push(match offers_timestamps {
            _ if grants_options(listener, offers_timestamps) => {
                "the SYN-ACK lacks options that other SYN-ACKs of this listener have: it may be a SYN cookie, or an \
                 appliance may have sent it"
            }
            true if is_stamped => {
                "the SYN-ACK has timestamps and no other option, as from gVisor's SYN cookies or from a server \
                 with this configuration; a handshake while the server is not overloaded would decide"
            }
            true => {
                "the SYN-ACK has only an MSS, as from a server without options, from a SYN cookie of a host whose \
                 timestamps are off (tcp_timestamps=0), or from an appliance; a handshake while the server is not overloaded would decide"
            }
            false => {
                "the SYN-ACK has only an MSS, as from a SYN cookie or from a server without options; a handshake with \
                 timestamps, or while the server is not overloaded, would decide"
            }
        });
    }
    if listener.answer_forms.is_changing(index) {
        sentences.push(
            "the listener changed between two forms of SYN-ACKs for this kind of client (order of options, window): one \
             may be that of a program that writes SYN cookies, or of a proxy; a SYN-ACK that the server retransmits \
             shows which one is its own",
        );
    }
    if later.is_empty() {
        sentences.push(
            "no later segment of the server was captured (resets do not count): there is no clock, TTL or window to \
             compare with the SYN-ACK",
        );
    }
    if sentences.is_empty() {
        sentences.push("the evidence does not clearly favour any verdict");
    }
    sentences
}

/// Returns whether the listener granted the options to other clients that offered the same.
fn grants_options(listener: &Listener<'_>, offers_timestamps: bool) -> bool {
    let history = &listener.options;
    if offers_timestamps { history.all_kept.is_some() } else { history.without_timestamps.kept > 0 }
}
