//! The names of a release's archives are the same wherever they are written.

use std::fs;
use std::process::Command;

use syncookie_tests::package;

/// Returns a file of the repository.
fn read(name: &str) -> String {
    fs::read_to_string(package().join("..").join(name)).expect("the file is there")
}

/// Returns what a function of script/package-files.sh prints.
fn printed(call: &str) -> String {
    let script = format!(". script/common.sh && . script/package-files.sh && {call}");
    let output = Command::new("bash").args(["-c", &script]).current_dir(package().join("..")).output();
    let output = output.expect("bash is there");
    assert!(output.status.success(), "{call}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("names are text").trim().to_owned()
}

/// Returns the targets that script/package makes archives for.
fn targets() -> Vec<String> {
    let script = read("script/package");
    let values = |name: &str| {
        let line = script.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("script/package does not set {name}")).trim_matches(['(', ')']).to_owned()
    };
    let listed = [values("static_target"), values("foreign_targets")].join(" ");
    listed.split_whitespace().map(str::to_owned).collect()
}

/// Returns the value of a key for `cargo binstall`, as it reads it for a target.
fn binstall(key: &str, target: &str) -> String {
    let manifest = read("postproc/Cargo.toml");
    let (_, table) = manifest.split_once("[package.metadata.binstall]").expect("the table is there");
    let table = table.split("\n[").next().unwrap_or_default();
    let value = table.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
    let value = value.unwrap_or_else(|| panic!("{key} is missing")).trim_matches('"');
    let extension = if target.contains("windows") { ".exe" } else { "" };
    let version = printed("project_version");
    let known = [
        ("name", "syncookie"),
        ("version", &version),
        ("target", target),
        ("bin", "syncookie"),
        ("binary-ext", extension),
    ];
    known.iter().fold(value.to_owned(), |text, (name, value)| text.replace(&format!("{{ {name} }}"), value))
}

#[test]
fn cargo_binstall_looks_for_the_archives_that_script_package_makes() {
    let targets = targets();
    assert!(targets.len() >= 5, "{targets:?}");
    for target in &targets {
        let archive = format!("{}.tar.gz", printed(&format!("archive_name {target}")));
        let tag = format!("v{}", printed("project_version"));
        assert_eq!(binstall("pkg-url", target), format!("{{ repo }}/releases/download/{tag}/{archive}"));
        assert_eq!(binstall("bin-dir", target), printed(&format!("archive_program {target}")));
    }
}

#[test]
fn the_release_workflow_tries_archives_that_script_package_makes() {
    let workflow = read(".github/workflows/release.yml");
    let tried: Vec<_> = workflow.lines().filter_map(|line| line.trim().strip_prefix("target: ")).collect();
    let targets = targets();
    assert!(tried.len() >= 3, "{tried:?}");
    for target in tried {
        assert!(targets.iter().any(|made| made == target), "{target} is not one of {targets:?}");
    }
    assert!(workflow.contains("tar -xzf target/package/syncookie-*-${{ matrix.target }}.tar.gz"));
    assert!(workflow.contains("target/package/*.tar.gz\n"), "the archives are not published");
}
