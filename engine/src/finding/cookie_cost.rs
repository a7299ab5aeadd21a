//! TCP options that a connection lost because a SYN cookie or SYN proxy answered: window scaling,
//! SACK, timestamps, and a rounded MSS.

/// Maximum number of bytes in flight without window scaling (RFC 9293 section 3.1: the window has
/// 16 bits).
const UNSCALED_WINDOW: f64 = 65_535.0;

/// TCP options that the client offered in its SYN and that the SYN-ACK of a cookie or proxy lacks.
/// `None` where the capture cannot show it: an option that the snap length cut off was not lost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CookieCost {
    /// Whether window scaling was lost.
    pub window_scale: Option<bool>,
    /// Whether selective acknowledgments (SACK) were lost.
    pub sack: Option<bool>,
    /// Whether timestamps were lost.
    pub timestamps: Option<bool>,
    /// Smaller MSS that a Linux cookie stores instead of the client's.
    pub mss: Option<RoundedMss>,
    /// Round trip between the client and the machine that answered, in seconds; `None` after
    /// retransmissions.
    pub round_trip: Option<f64>,
}

/// MSS of a client, rounded down to a value that a cookie has room for, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundedMss {
    /// MSS in the SYN.
    pub offered: u16,
    /// MSS that the server uses.
    pub kept: u16,
}

impl CookieCost {
    /// Returns the upper limit of each direction's throughput without window scaling, in bytes per
    /// second.
    #[must_use]
    pub fn max_bytes_per_second(&self) -> Option<f64> {
        let seconds = self.round_trip.filter(|&seconds| seconds > 0.0 && self.window_scale == Some(true))?;
        Some(UNSCALED_WINDOW / seconds)
    }

    /// Returns what was lost, one sentence each; empty if nothing is known to be lost.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        if self.window_scale == Some(true) {
            let rate = self.max_bytes_per_second().zip(self.round_trip).map_or_else(String::new, |(rate, seconds)| {
                let digits = if seconds < 1e-3 { 3 } else { 1 };
                format!("; with a round trip of {:.digits$} ms, at most {} a second", seconds * 1e3, bytes(rate))
            });
            sentences.push(format!("no window scaling: at most 65,535 bytes in flight in each direction{rate}"));
        }
        if self.sack == Some(true) {
            sentences
                .push("no SACK: several lost segments in one window take several round trips to repair".to_owned());
        }
        if self.timestamps == Some(true) {
            sentences.push("no timestamps: round trips are measured less often".to_owned());
        }
        if let Some(RoundedMss { offered, kept }) = self.mss {
            sentences.push(format!(
                "MSS rounded from {offered} to {kept}: the cookie has room for few values, and the server sends smaller segments"
            ));
        }
        sentences
    }
}

/// Formats a number of bytes with a decimal unit.
fn bytes(number: f64) -> String {
    match number {
        ..1e6 => format!("{:.0} kB", number / 1e3),
        1e6..1e9 => format!("{:.1} MB", number / 1e6),
        _ => format!("{:.1} GB", number / 1e9),
    }
}
