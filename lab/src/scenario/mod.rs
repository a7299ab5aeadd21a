//! The scenarios that are built packet by packet.

mod cookies;
mod episodes;
mod lookalike;
mod proxies;
mod strangers;

use crate::capture::Capture;
use crate::site::Site;
use syncookie_testkit::rng::Rng;

/// Where synthetic packets come from.
const BY_SOURCE: &str = "by source, not observed";

/// One scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name: also its folder's.
    pub name: &'static str,
    /// What its handshakes are, in one word; per-handshake truth counts where it is mixed.
    pub label: &'static str,
    /// What is made and from which source.
    pub note: &'static str,
    /// Plays it.
    pub play: fn(&mut Site),
}

impl Scenario {
    /// Builds it; the same seed gives the same packets.
    #[must_use]
    pub fn build(&self, seed: u64) -> Capture {
        let mut site = Site::new(Rng::new(seed).fork(self.name));
        (self.play)(&mut site);
        site.finish(self.name, self.label, &format!("{}; {BY_SOURCE}", self.note))
    }
}

/// Every scenario.
#[must_use]
pub fn all() -> Vec<Scenario> {
    [cookies::ALL, episodes::ALL, proxies::ALL, strangers::ALL, &lookalike::all()].concat()
}

/// The scenario of that name.
#[must_use]
pub fn find(name: &str) -> Option<Scenario> {
    all().into_iter().find(|s| s.name == name)
}
