//! The two programs under test, built by cargo and found in cargo's messages.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// Paths of the programs.
#[derive(Debug)]
pub struct Programs {
    /// The command-line tool.
    pub syncookie: PathBuf,
    /// The Wireshark plugin.
    pub plugin: PathBuf,
}

/// Returns the programs, built on the first call. `cargo test` builds neither a `cdylib` nor
/// another package's binary, so the tests call cargo themselves.
///
/// # Panics
/// When the programs do not compile. cargo's messages are on standard error.
pub fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let built = build();
        Programs {
            syncookie: artifact(&built, "syncookie", |name| name.ends_with("/syncookie")),
            plugin: artifact(&built, "syncookie_plugin", |name| name.ends_with(".so")),
        }
    })
}

/// Builds both programs and returns the files that cargo names, by target.
fn build() -> Vec<(String, String)> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(crate::package()).args(["build", "--message-format=json"]);
    cargo.args(["-p", "syncookie-plugin", "-p", "syncookie"]);
    // As it is released.
    cargo.args(["--features", "syncookie/parquet"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.stderr(Stdio::inherit()).output().expect("cargo can be started");
    assert!(output.status.success(), "the programs under test do not compile");
    String::from_utf8_lossy(&output.stdout).lines().flat_map(files).collect()
}

/// Returns the files that one line of cargo's JSON names.
fn files(line: &str) -> Vec<(String, String)> {
    let message: Value = serde_json::from_str(line).unwrap_or_default();
    let target = message["target"]["name"].as_str().unwrap_or_default();
    let names = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.map(|name| (target.to_owned(), name.to_owned())).collect()
}

fn artifact(built: &[(String, String)], target: &str, wanted: impl Fn(&str) -> bool) -> PathBuf {
    let found = built.iter().find(|(name, file)| name == target && wanted(file));
    let Some((_, file)) = found else { panic!("cargo built no {target} among {built:?}") };
    PathBuf::from(file)
}
