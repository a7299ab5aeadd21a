//! Ordinary handshakes that look like cookies or proxies to a naive rule. Every label here is
//! ordinary.

mod artefacts;
mod boxes;
mod clocks;
mod habits;
mod paths;
mod servers;

use super::Scenario;
use crate::answer::Answerer;
use crate::capture::MILLI;
use crate::client::ClientStack;
use crate::path::Path;
use crate::plan::Plan;
use crate::site::Site;

/// Returns every look-alike.
#[must_use]
pub fn all() -> Vec<Scenario> {
    [artefacts::ALL, boxes::ALL, clocks::ALL, habits::ALL, paths::ALL, servers::ALL].concat()
}

/// Plays forty web requests of clients with and without timestamps, in turn.
fn visits(site: &mut Site, server: &mut dyn Answerer, path: &Path) {
    for n in 0..40 {
        let stack = [ClientStack::LINUX, ClientStack::WINDOWS, ClientStack::MAC][n % 3];
        site.connect(stack, server, path, &Plan::WEB);
        site.pause(60 * MILLI);
    }
}

/// Returns a path with a round-trip time of 24 ms.
fn web() -> Path {
    Path::quiet(24 * MILLI)
}
