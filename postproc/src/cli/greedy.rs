//! Advice after an error about captures that `--kernel` took for its files.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Adds to an error about missing captures where to put them, if `--kernel` is among the arguments:
/// it takes all words up to the next option.
pub fn advise(mut error: clap::Error, args: &[OsString]) -> clap::Error {
    let has_kernel = args.iter().any(|arg| arg == "--kernel");
    if has_kernel && error.kind() == ErrorKind::MissingRequiredArgument {
        let tip = "put the captures before --kernel, or after --: --kernel takes all words up to the next option";
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::Cli;
    use super::*;

    fn refusal(args: &[&str]) -> String {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        advise(Cli::try_parse_from(&args).unwrap_err(), &args).to_string()
    }

    #[test]
    fn captures_that_kernel_took_belong_before_it_or_after_dashes() {
        for command in ["analyze", "explain"] {
            let text = refusal(&["syncookie", command, "--kernel", "before.txt", "a.pcap"]);
            assert!(text.contains("tip: put the captures before --kernel, or after --"), "{text}");
            let args = ["syncookie", command, "--kernel", "before.txt", "--", "a.pcap"];
            assert!(Cli::try_parse_from(args).is_ok());
            assert!(!refusal(&["syncookie", command]).contains("--kernel"));
        }
    }
}
