//! Packages of the distribution, whose files only the package manager may remove.

use std::path::Path;
use std::process::Command;

/// Commands that print the package of a file and succeed only if there is one.
const OWNERS: [&[&str]; 3] = [&["dpkg-query", "--search"], &["rpm", "--query", "--file"], &["pacman", "-Qqo"]];

/// Returns the package that installed a file, as the package manager names it.
pub fn owner(file: &Path) -> Option<String> {
    OWNERS.iter().find_map(|command| {
        let output = Command::new(command[0]).args(&command[1..]).arg(file).output().ok()?;
        let printed = String::from_utf8_lossy(&output.stdout);
        // dpkg-query prints "package: file".
        let name = printed.lines().next()?.split(": ").next()?.trim();
        (output.status.success() && !name.is_empty()).then(|| name.to_owned())
    })
}
