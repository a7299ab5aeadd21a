//! Several files: of one time, or of an earlier one and a later one.

use std::path::Path;

use super::{Difference, Error, Facts};

/// One look at a kernel, or two.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    /// The earlier one.
    pub earlier: Option<Facts>,
    /// The later one, or the only one.
    pub later: Facts,
}

impl Looks {
    /// Reads files. Those that tell of different things are one look. One that tells again what another told already
    /// begins the next look; of more than two looks the first and the last are compared. Where all looks say when they
    /// were taken, that is their order, otherwise it is the order of the files.
    pub fn read<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Self, Error> {
        let mut looks: Vec<Facts> = Vec::new();
        for path in paths {
            let facts = Facts::read(path.as_ref())?;
            match looks.last_mut() {
                Some(last) if !last.tells_again(&facts) => last.join(facts),
                _ => looks.push(facts),
            }
        }
        if looks.iter().all(|look| look.taken_at.is_some()) {
            looks.sort_by_key(|look| look.taken_at);
        }
        let Some(mut later) = looks.pop() else { return Ok(Self::default()) };
        let earlier = if looks.is_empty() { None } else { Some(looks.swap_remove(0)) };
        // Settings saved once hold for both.
        if let Some(earlier) = &earlier {
            later.inherit(earlier);
        }
        Ok(Self { earlier, later })
    }

    /// What changed between the two.
    pub fn difference(&self) -> Option<Difference<'_>> {
        Some(Difference::between(self.earlier.as_ref()?, &self.later))
    }
}
