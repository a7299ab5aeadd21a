//! What only the earlier sample shows.

use std::collections::BTreeMap;

use super::{Counter, Finding, Level, Resource};

/// Adds the counters and findings of facts that only the earlier sample has.
pub(crate) fn add_earlier(resources: &mut Vec<Resource>, earlier: Vec<Resource>) {
    let key = |resource: &Resource| (resource.kind, resource.subject.clone());
    let known: BTreeMap<_, usize> =
        resources.iter().enumerate().map(|(index, resource)| (key(resource), index)).collect();
    for mut old in earlier {
        old.findings = old.findings.into_iter().filter_map(as_earlier).collect();
        match known.get(&key(&old)) {
            Some(&index) => resources[index].add_earlier(old),
            // Its usage is not the current one.
            None if !old.findings.is_empty() => resources.push(Resource { usage: None, ..old }),
            None => {}
        }
    }
}

impl Resource {
    /// Adds counters and findings of the earlier sample.
    fn add_earlier(&mut self, earlier: Self) {
        for old in earlier.counters.into_iter().filter(|old| old.total.is_some()) {
            let old = Counter { only_earlier: true, ..old };
            match self.counters.iter_mut().find(|counter| counter.name == old.name) {
                Some(counter) if counter.total.is_some() => {}
                Some(counter) => *counter = old,
                None => self.counters.push(old),
            }
        }
        self.findings.extend(earlier.findings);
    }
}

/// Returns a finding of the earlier sample as one of the comparison; `None` for a state that had
/// not reached its limit.
fn as_earlier(finding: Finding) -> Option<Finding> {
    let sentence = match finding.level {
        Level::Near => return None,
        Level::Exhausted => format!("In the earlier sample: {}", finding.sentence),
        Level::Overflowing | Level::Overflowed => {
            format!("{} Only the earlier sample shows this.", finding.sentence)
        }
    };
    // What was exhausted then is not what to act on now.
    let (causes, advice) = (Vec::new(), None);
    Some(Finding { level: Level::Overflowed, only_earlier: Some(finding.level), sentence, causes, advice, ..finding })
}
