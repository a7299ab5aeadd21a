//! Build script of the tests: makes `in_every_release!`, a macro that defines a test for each
//! Wireshark release, from `wireshark-headers/releases.tsv`.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

const LIST: &str = "../wireshark-headers/releases.tsv";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={LIST}");
    let text = fs::read_to_string(LIST).map_err(|e| format!("cannot read {LIST}: {e}"))?;
    let (mut listed, mut tests) = (String::new(), String::new());
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let [release, suite, distribution] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("{LIST}: \"{line}\" does not have three tab-separated columns").into());
        };
        writeln!(listed, "    Listed {{ release: {release:?}, suite: {suite:?}, distribution: {distribution:?} }},")?;
        writeln!(tests, "            #[test]")?;
        writeln!(tests, "            fn {suite}() {{ $crate::release::check_in({suite:?}, super::$check); }}")?;
    }
    let code = format!(
        "/// The lines of `wireshark-headers/releases.tsv`, oldest release first.
pub const LISTED: &[Listed] = &[
{listed}];

/// Defines one test per check and listed release. A check is a `fn(&Release, &Tshark)`; it fails by
/// panicking.
#[macro_export]
macro_rules! in_every_release {{
    ($($check:ident)+) => {{
        $(mod $check {{
{tests}        }})+
    }};
}}
"
    );
    fs::write(Path::new(&env::var("OUT_DIR")?).join("releases.rs"), code)?;
    Ok(())
}
