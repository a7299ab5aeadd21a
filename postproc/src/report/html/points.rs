//! Points of the charts: timestamp lag, window and TTLs of single handshakes.

use syncookie_engine::{Endpoint, Finding, Timestamp, Verdict};

use super::sample::Sample;

/// Maximum number of points with a SYN cookie or SYN proxy verdict, and of other points, which show
/// normal values.
const POINTS: usize = 6_000;

/// Point: one answered handshake.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub time: Timestamp,
    pub server: Endpoint,
    pub verdict: Verdict,
    pub lag_seconds: Option<f64>,
    pub window: u16,
    pub hop_limit: Option<u8>,
    /// TTL of the reset, otherwise of the server's next segment.
    pub later_hop_limit: Option<u8>,
}

/// Points of both kinds.
#[derive(Debug)]
pub struct Points {
    cookie_style: Sample<Point>,
    others: Sample<Point>,
}

impl Default for Points {
    fn default() -> Self {
        Self { cookie_style: Sample::new(POINTS), others: Sample::new(POINTS) }
    }
}

impl Points {
    /// Adds a handshake that was answered.
    pub fn add(&mut self, finding: &Finding) {
        let Some(measured) = finding.measured.as_deref() else { return };
        let Some(window) = measured.window else { return };
        let verdict = finding.assessment.verdict;
        let sample = if verdict.is_cookie_style() { &mut self.cookie_style } else { &mut self.others };
        sample.offer(Point {
            time: finding.time,
            server: finding.server,
            verdict,
            lag_seconds: measured.lag_seconds,
            window,
            hop_limit: measured.hop_limit,
            later_hop_limit: measured.reset_hop_limit.or(measured.later_hop_limit),
        });
    }

    /// Returns the points that are kept, by time.
    pub fn by_time(&self) -> Vec<Point> {
        let mut points = [self.cookie_style.kept(), self.others.kept()].concat();
        points.sort_by_key(|point| point.time);
        points
    }

    /// Returns the number of all points.
    pub const fn offered(&self) -> u64 {
        self.cookie_style.offered() + self.others.offered()
    }
}
