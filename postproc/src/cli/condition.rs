//! Values of `--filter`, which shells complete as far as they are words of the product.

use std::ffi::OsStr;
use std::sync::LazyLock;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, Error};

use crate::filter::Condition;

/// Conditions that shells complete.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| Condition::words().collect());

/// Parser of conditions. Its possible values are only for completion: others are accepted, too.
#[derive(Clone, Copy, Debug)]
pub struct ConditionParser;

impl TypedValueParser for ConditionParser {
    type Value = Condition;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Condition, Error> {
        let parse = |text: &str| text.parse::<Condition>();
        parse.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue>>> {
        Some(Box::new(WORDS.iter().map(|word| PossibleValue::new(word.as_str()))))
    }
}
