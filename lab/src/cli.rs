//! Arguments: positions and `--name value` options.

use std::str::FromStr;

/// What the user typed, taken apart.
#[derive(Debug, Default)]
pub struct Arguments {
    /// Positions.
    pub positions: Vec<String>,
    options: Vec<(String, String)>,
}

impl Arguments {
    /// Takes arguments apart; `flags` are the options without a value.
    pub fn parse(args: impl Iterator<Item = String>, flags: &[&str]) -> Result<Self, String> {
        let mut parsed = Self::default();
        let mut args = args.peekable();
        while let Some(arg) = args.next() {
            match arg.strip_prefix("--") {
                None => parsed.positions.push(arg),
                Some(name) if flags.contains(&name) => parsed.options.push((name.to_owned(), String::new())),
                Some(name) => match args.next() {
                    Some(value) => parsed.options.push((name.to_owned(), value)),
                    None => return Err(format!("--{name} needs a value")),
                },
            }
        }
        Ok(parsed)
    }

    /// Whether a flag was given.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(n, _)| n == name)
    }

    /// An option's value, or the default.
    pub fn get<T: FromStr>(&self, name: &str, default: T) -> Result<T, String> {
        match self.options.iter().rev().find(|(n, _)| n == name) {
            None => Ok(default),
            Some((_, value)) => value.parse().map_err(|_| format!("--{name} {value}: not a value it can take")),
        }
    }

    /// An option's value as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}
