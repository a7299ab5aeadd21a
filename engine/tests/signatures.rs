//! Raw signatures of SYN and SYN-ACK in the format of p0f 3.

mod common;

use common::{PLAIN_OPTIONS, PSH, SYN, Segment, Talk, TcpOption, analyze, linux_options, only};
use syncookie_engine::Signatures;
use syncookie_testkit::tcp::{ACK, ECE};

const URG: u8 = 0x20;

fn talk() -> Talk {
    Talk::new("192.0.2.1", 1, "198.51.100.1", 80)
}

fn signatures(talk: &Talk) -> Signatures {
    *only(talk).signatures.expect("they are made by default")
}

/// Returns the signature of a SYN that differs in this way from an ordinary one without options.
fn syn(change: impl FnOnce(&mut Segment)) -> Option<String> {
    let talk = talk().client(0.0, |t| {
        (t.seq, t.ack, t.flags, t.window, t.id) = (1_000_000, 0, SYN, 64240, 7);
        change(t);
    });
    signatures(&talk).syn
}

/// The first is what p0f's database has for Linux 3.11 and newer, except for the window, which p0f
/// writes as a multiple of the MSS, and the identification, which is 0 here.
#[test]
fn a_signature_has_version_ttl_mss_window_options_and_quirks() {
    let linux = signatures(&talk().syn(0.0, &linux_options(77)).syn_ack(0.01, 65160, &PLAIN_OPTIONS));
    assert_eq!(linux.syn.as_deref(), Some("4:64+0:0:1460:64240,7:mss,sok,ts,nop,ws:df:0"));
    assert_eq!(linux.syn_ack.as_deref(), Some("4:64+0:0:1460:65160,8:mss,nop,nop,sok,nop,ws:df:0"));
    let ipv6 = Talk::new("2001:db8::1", 1, "2001:db8::2", 80).syn(0.0, &linux_options(77));
    assert_eq!(signatures(&ipv6).syn.as_deref(), Some("6:64+0:0:1460:64240,7:mss,sok,ts,nop,ws::0"));
    assert_eq!(signatures(&ipv6).syn_ack, None, "it was not captured");
}

#[test]
fn each_quirk_is_named_in_the_order_of_p0f() {
    let of = |change: fn(&mut Segment)| syn(change).expect("its headers are whole");
    assert_eq!(of(|_| ()), "4:64+0:0:0:64240,0::df,id+:0");
    assert_eq!(of(|t| t.ttl = 57), "4:57+7:0:0:64240,0::df,id+:0");
    assert_eq!(of(|t| t.ttl = 200), "4:200+?:0:0:64240,0::df,id+:0", "p0f believes no more than 35 hops");
    assert_eq!(of(|t| (t.dont_fragment, t.id) = (false, 0)), "4:64+0:0:0:64240,0::id-:0");
    assert_eq!(of(|t| t.tos = 2), "4:64+0:0:0:64240,0::df,id+,ecn:0");
    assert_eq!(of(|t| t.flags |= ECE), "4:64+0:0:0:64240,0::df,id+,ecn:0");
    assert_eq!(of(|t| (t.seq, t.ack) = (0, 5)), "4:64+0:0:0:64240,0::df,id+,seq-,ack+:0");
    assert_eq!(of(|t| t.flags |= URG | PSH), "4:64+0:0:0:64240,0::df,id+,urgf+,pushf+:0");
    assert_eq!(of(|t| t.payload = 9), "4:64+0:0:0:64240,0::df,id+:+");
    assert_eq!(of(|t| t.options = vec![TcpOption::Timestamps(0, 6)]), "4:64+0:0:0:64240,0:ts,eol+1:df,id+,ts1-,ts2+:0");
    assert_eq!(of(|t| t.options = vec![TcpOption::WindowScale(15)]), "4:64+0:0:0:64240,15:ws,eol+0:df,id+,exws:0");
    let unknown = |t: &mut Segment| t.options = vec![TcpOption::FastOpenRequest, TcpOption::Nop, TcpOption::Nop];
    assert_eq!(of(unknown), "4:64+0:0:0:64240,0:?34,nop,nop:df,id+:0");
}

#[test]
fn quirks_are_read_from_bits_that_most_stacks_leave_0() {
    let of = |change: fn(&mut Vec<u8>)| {
        let mut talk = talk().syn(0.0, &[TcpOption::End]);
        change(&mut talk.packets[0].1);
        analyze(&talk.packets).handshakes.remove(0).signatures.and_then(|signatures| signatures.syn)
    };
    assert_eq!(of(|_| ()).as_deref(), Some("4:64+0:0:0:64240,0:eol+3:df:0"));
    assert_eq!(of(|bytes| bytes[6] |= 0x80).as_deref(), Some("4:64+0:0:0:64240,0:eol+3:df,0+:0"));
    assert_eq!(of(|bytes| bytes[20 + 12] |= 1).as_deref(), Some("4:64+0:0:0:64240,0:eol+3:df,ecn:0"));
    assert_eq!(of(|bytes| bytes[20 + 19] = 1).as_deref(), Some("4:64+0:0:0:64240,0:eol+3:df,uptr+:0"));
    assert_eq!(of(|bytes| bytes[20 + 23] = 1).as_deref(), Some("4:64+0:0:0:64240,0:eol+3:df,opt+:0"));
    let malformed = of(|bytes| bytes[20 + 20..].copy_from_slice(&[2, 9, 5, 6]));
    assert_eq!(malformed.as_deref(), Some("4:64+0:0:0:64240,0:mss:df,bad:0"));
    assert_eq!(of(|bytes| bytes.truncate(20 + 22)), None, "the length of the padding is not known");
}

#[test]
fn a_syn_ack_that_acknowledges_0_has_a_quirk() {
    let talk = talk().server(0.0, |t| (t.seq, t.ack, t.flags) = (9, 0, SYN | ACK));
    assert_eq!(signatures(&talk).syn_ack.as_deref(), Some("4:64+0:0:0:502,0::df,ack-:0"));
}
