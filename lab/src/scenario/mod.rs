//! The scenarios that are built packet by packet.

mod cookies;
mod episodes;
mod lookalike;
mod proxies;
mod strangers;

use crate::capture::Capture;
use crate::site::Site;
use syncookie_testkit::rng::Rng;

/// Origin of what synthetic packets look like, as `truth.json` states it.
const BY_SOURCE: &str = "by source, not observed";
/// The same for [`OBSERVED`] scenarios.
const BY_SOURCE_AND_OBSERVED: &str = "by source; observed in a field trial on Linux 6.18";
/// Scenarios of implementations that were also observed.
const OBSERVED: &[&str] = &["xdp_synproxy"];

/// A capture that can be built.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Name, also of the folder.
    pub name: &'static str,
    /// Kind of its handshakes in one word. Where kinds are mixed, the truth of each handshake
    /// counts.
    pub label: &'static str,
    /// Description and source.
    pub note: &'static str,
    /// Function that plays the scenario.
    pub play: fn(&mut Site),
}

impl Scenario {
    /// Builds the capture. The same seed gives the same packets.
    #[must_use]
    pub fn build(&self, seed: u64) -> Capture {
        let mut site = Site::new(Rng::new(seed).fork(self.name));
        (self.play)(&mut site);
        let origin = if OBSERVED.contains(&self.name) { BY_SOURCE_AND_OBSERVED } else { BY_SOURCE };
        site.finish(self.name, self.label, &format!("{}; {origin}", self.note))
    }
}

/// Returns every scenario.
#[must_use]
pub fn all() -> Vec<Scenario> {
    [cookies::ALL, episodes::ALL, proxies::ALL, strangers::ALL, &lookalike::all()].concat()
}

/// Finds the scenario of a name.
#[must_use]
pub fn find(name: &str) -> Option<Scenario> {
    all().into_iter().find(|s| s.name == name)
}
