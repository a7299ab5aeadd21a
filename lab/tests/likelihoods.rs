//! The weights of the engine against what the recordings of kernels show.

use std::path::Path;
use syncookie_lab::likelihoods::{Likelihoods, Outcome, table};

#[test]
fn no_weight_claims_more_than_the_recordings_support() {
    let mut likelihoods = Likelihoods::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/captures");
    likelihoods.add_folder(&folder).expect("the recordings can be read");
    let mut rows = likelihoods.rows();
    assert!(rows.len() > 20, "only {} weights were observed", rows.len());
    assert!(rows.iter().all(|row| row.outcome != Outcome::Synthetic), "recordings decide");
    rows.retain(|row| row.outcome == Outcome::TooStrong);
    assert!(rows.is_empty(), "{}", table(&rows));
}
