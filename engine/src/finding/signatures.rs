//! Raw signatures of a handshake's SYN and SYN-ACK, for programs that know them.

/// Raw signatures in the format of p0f 3; `None` where the packet, or a part of its headers, was not
/// captured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures {
    /// First SYN: `4:64+0:0:1460:64240,7:mss,sok,ts,nop,ws:df,id+:0`.
    pub syn: Option<String>,
    /// First SYN-ACK.
    pub syn_ack: Option<String>,
}

impl Signatures {
    /// Returns about how many bytes of memory the signatures take.
    pub(crate) fn bytes(&self) -> usize {
        let texts = [&self.syn, &self.syn_ack].into_iter().flatten();
        size_of::<Self>() + texts.map(String::capacity).sum::<usize>()
    }
}
