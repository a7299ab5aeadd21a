//! Rules of the packet filter that drop or reject, with their counters: `nft list ruleset`,
//! `iptables -vnL`, and `iptables-save -c`.

use super::{LineParser, decimal};
use crate::facts::Facts;

/// Maximum length of a rule's text.
const MAX_RULE: usize = 160;

/// Parser of `nft list ruleset`.
#[derive(Default)]
pub struct Nft {
    /// Names of the open blocks: table, chain.
    blocks: Vec<String>,
}

impl LineParser for Nft {
    fn format(&self) -> &'static str {
        "nft list ruleset"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        let text = line.trim();
        if self.blocks.is_empty() && !(text.starts_with("table ") && text.contains('{')) {
            return false;
        }
        if let Some(block) = text.strip_suffix('{') {
            if self.blocks.len() < 16 {
                self.blocks.push(block.trim().trim_start_matches("table ").trim_start_matches("chain ").to_owned());
            }
        } else if text == "}" {
            self.blocks.pop();
        } else if let Some(packets) = dropped_by_rule(text) {
            add(&format!("{}: {}", self.blocks.join(" "), without_counter(text)), packets, facts);
        }
        true
    }

    fn reset(&mut self) {
        self.blocks.clear();
    }
}

/// Returns the number of packets in a rule `tcp dport 84 counter packets 2 bytes 120 drop`; `None`
/// for a rule that does not drop, or does not count.
fn dropped_by_rule(rule: &str) -> Option<u64> {
    let words: Vec<&str> = rule.split(" comment ").next()?.split_whitespace().collect();
    let counter = words.iter().position(|word| *word == "counter")?;
    let [_, "packets", packets, "bytes", _, verdict @ ..] = words.get(counter..)? else { return None };
    verdict.iter().any(|word| matches!(*word, "drop" | "reject")).then(|| decimal(packets))?
}

/// Removes the counter from a rule's text.
fn without_counter(rule: &str) -> String {
    let mut words = rule.split_whitespace();
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        if word == "counter" {
            words.nth(3);
        } else {
            kept.push(word);
        }
    }
    kept.join(" ")
}

/// Parser of `iptables -vnL` and `iptables-save -c`.
#[derive(Default)]
pub struct Iptables {
    chain: Option<String>,
}

impl LineParser for Iptables {
    fn format(&self) -> &'static str {
        "iptables"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        if let Some((packets, rule)) = saved_rule(line) {
            if is_dropping(rule.split_whitespace()) {
                add(rule, packets, facts);
            }
            return true;
        }
        if let Some((name, policy)) = line.strip_prefix("Chain ").and_then(|rest| rest.split_once(" (")) {
            if let Some(rest) = policy.strip_prefix("policy DROP ") {
                rest.split_whitespace()
                    .next()
                    .and_then(number)
                    .iter()
                    .for_each(|packets| add(&format!("{name}: policy DROP"), *packets, facts));
            }
            self.chain = Some(name.to_owned());
            return true;
        }
        let Some(chain) = &self.chain else { return false };
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.starts_with(&["pkts", "bytes", "target"]) {
            return true;
        }
        let [packets, bytes, rule @ ..] = words.as_slice() else { return false };
        let (Some(packets), Some(_)) = (number(packets), number(bytes)) else { return false };
        if is_dropping(rule.iter().copied().take(1)) {
            add(&format!("{chain}: {}", rule.join(" ")), packets, facts);
        }
        true
    }

    fn reset(&mut self) {
        self.chain = None;
    }
}

/// Parses `[12:720] -A INPUT -p tcp -j DROP`.
fn saved_rule(line: &str) -> Option<(u64, &str)> {
    let (counters, rule) = line.strip_prefix('[')?.split_once("] ")?;
    let (packets, bytes) = counters.split_once(':')?;
    rule.starts_with("-A ").then_some(())?;
    decimal(bytes)?;
    Some((decimal(packets)?, rule))
}

/// Returns whether one of the words is a target that drops.
fn is_dropping<'a>(mut words: impl Iterator<Item = &'a str>) -> bool {
    words.any(|word| matches!(word, "DROP" | "REJECT"))
}

/// Parses a number that iptables may round: `12K`.
fn number(text: &str) -> Option<u64> {
    let factor = match text.as_bytes().last()? {
        b'K' => 1_000,
        b'M' => 1_000_000,
        b'G' => 1_000_000_000,
        _ => return decimal(text),
    };
    decimal(text.get(..text.len() - 1)?)?.checked_mul(factor)
}

/// Adds the packets that a rule dropped. Equal rules are added up.
fn add(rule: &str, packets: u64, facts: &mut Facts) {
    let text: String = rule.chars().take(MAX_RULE).collect();
    facts.add_to_counter(&format!("packet_filter.{text}.packets"), packets);
}
