//! `syncookie plugin`, with the real tshark.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use syncookie_tests::programs::programs;
use syncookie_tests::sample;
use syncookie_tests::tshark::{is_root, private_folder, unprivileged};
use tempfile::TempDir;

/// A user with a home and the programs beside each other in it, as a package would install them.
pub struct User {
    pub home: TempDir,
}

impl User {
    /// `None` where the tests are asked to do without tshark.
    pub fn new() -> Option<Self> {
        if std::env::var_os("SYNCOOKIE_SKIP_TSHARK").is_some_and(|value| value == "1") {
            eprintln!("SKIPPED: SYNCOOKIE_SKIP_TSHARK=1, nothing was installed");
            return None;
        }
        let home = private_folder();
        for (from, to) in [(&programs().syncookie, "syncookie"), (&programs().plugin, "libsyncookie_plugin.so")] {
            fs::copy(from, home.path().join(to)).expect("the private home can be written to");
        }
        Some(Self { home })
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.home.path()).env("LC_ALL", "C.UTF-8").current_dir(self.home.path());
        command
    }

    /// Prepares `syncookie plugin` with these arguments.
    pub fn plugin_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(self.home.path().join("syncookie"));
        command.arg("plugin").args(arguments);
        command
    }

    /// Runs `syncookie plugin` as an ordinary user: exit code, standard output, standard error.
    pub fn plugin(&self, arguments: &[&str]) -> (i32, String, String) {
        run(unprivileged(&mut self.plugin_command(arguments)))
    }

    /// Checks that `install` and `status` say this in a process that `prepare` prepares.
    #[track_caller]
    fn assert_not_loaded(&self, why: &str, prepare: fn(&mut Command) -> &mut Command) {
        for (action, expected) in [("install", 0), ("status", 1)] {
            let (code, said, _) = run(prepare(&mut self.plugin_command(&[action])));
            assert!(code == expected && said.contains(why), "{action} ended with {code}: {said}");
        }
    }

    /// Writes a shell script to run in place of tshark, and returns its path.
    fn script(&self, text: &str) -> String {
        self.program("other-tshark", format!("#!/bin/sh\n{text}\n").as_bytes())
    }

    /// Writes a program, and returns its path.
    pub fn program(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.home.path().join(name);
        fs::create_dir_all(path.parent().expect("it is below the home")).expect("the private home can be written to");
        fs::write(&path, bytes).expect("the private home can be written to");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("we own it");
        path.to_str().expect("a temporary folder has a plain name").to_owned()
    }

    fn tshark(&self, arguments: &[&str]) -> (i32, String, String) {
        run(unprivileged(self.command("tshark").args(arguments)))
    }
}

/// Runs a command: exit code, standard output, standard error.
pub fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

#[test]
fn install_makes_tshark_load_the_plugin_and_uninstall_removes_it() {
    let Some(user) = User::new() else { return };
    let (code, said, _) = user.plugin(&["status"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("not installed") && said.contains("Not loaded: no plugin for Wireshark"), "{said}");

    let (code, said, complaint) = user.plugin(&["install"]);
    assert_eq!((code, complaint.as_str()), (0, ""), "{said}");
    let (_, listed, _) = user.tshark(&["-G", "plugins"]);
    assert!(listed.contains("syncookie.so"), "{listed}");
    let (code, said, _) = user.plugin(&["status"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Loaded: "), "{said}");
    assert_eq!(user.plugin(&["install"]).0, 0, "a second installation is not an error");

    let (code, said, _) = user.plugin(&["uninstall"]);
    assert!(code == 0 && said.contains("Removed "), "{said}");
    assert_eq!(user.plugin(&["status"]).0, 1);
    let (code, said, _) = user.plugin(&["uninstall"]);
    assert!(code == 0 && said.contains("Not installed: "), "{said}");
}

#[test]
fn a_plugin_for_another_release_and_a_file_that_is_none_are_refused_with_a_sentence() {
    let Some(user) = User::new() else { return };
    let mut plugin = fs::read(&programs().plugin).expect("it was built");
    let (major, minor) = release(&user);
    // The linker may place the two numbers together or apart, so a program that claims to be
    // another tshark is the simpler way to a mismatch.
    let other = user.script(&format!(
        "case $1 in --version) echo 'TShark (Wireshark) {major}.{}.1';; *) exec tshark \"$@\";; esac",
        minor + 2
    ));
    let (code, _, complaint) = user.plugin(&["install", "--tshark", &other]);
    assert_eq!(code, 1);
    let expected = format!("was built for Wireshark {major}.{minor}");
    assert!(complaint.contains(&expected) && complaint.contains("would refuse it"), "{complaint}");

    let broken = user.home.path().join("broken.so");
    plugin.truncate(100);
    fs::write(&broken, &plugin).unwrap();
    let (code, _, complaint) = user.plugin(&["install", "--file", broken.to_str().unwrap()]);
    assert!(code == 1 && complaint.contains("is not a Wireshark plugin"), "{complaint}");
    let (code, _, complaint) = user.plugin(&["install", "--tshark", "/nowhere/tshark"]);
    assert!(code == 1 && complaint.contains("cannot be run"), "{complaint}");
    assert_eq!(user.plugin(&["status"]).0, 1, "nothing was installed");
}

fn release(user: &User) -> (u32, u32) {
    let (_, version, _) = user.tshark(&["--version"]);
    let word = version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let mut numbers = word.expect("tshark says its version").split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[test]
fn as_root_install_and_status_say_why_a_personal_plugin_is_not_loaded() {
    let Some(user) = User::new() else { return };
    if !is_root() {
        eprintln!("SKIPPED: needs root, because only root loads no personal plugin");
        return;
    }
    user.assert_not_loaded("load no plugin from a personal folder when root", |command| command);
}

/// Prepares a command to run with the group root, but not as root.
fn with_the_group(command: &mut Command) -> &mut Command {
    unprivileged(command).gid(0)
}

#[test]
fn with_the_group_root_install_and_status_say_why_a_personal_plugin_is_not_loaded() {
    let Some(user) = User::new() else { return };
    if !is_root() {
        eprintln!("SKIPPED: needs root to take the group root");
        return;
    }
    user.assert_not_loaded("Your group is root", with_the_group);
    let (_, listed, _) = run(with_the_group(user.command("tshark").args(["-G", "plugins"])));
    assert!(!listed.contains("syncookie.so"), "tshark loads it: {listed}");
}

#[test]
fn what_a_wrapper_of_tshark_prints_on_standard_error_is_shown() {
    let Some(user) = User::new() else { return };
    let wrapper = user.script("echo 'error: app/org.wireshark.Wireshark not installed' >&2; exit 1");
    for action in ["install", "status"] {
        let (code, _, complaint) = user.plugin(&[action, "--tshark", &wrapper]);
        assert_eq!(code, 1);
        assert!(complaint.contains("does not print its release"), "{complaint}");
        assert!(complaint.contains("error: app/org.wireshark.Wireshark not installed"), "{complaint}");
    }
}

#[test]
fn status_lists_a_plugin_that_is_installed_for_another_release() {
    let Some(user) = User::new() else { return };
    let (major, minor) = release(&user);
    let folder = user.plugin(&["status"]).1;
    let folder = folder.lines().find_map(|line| line.strip_prefix("this user").map(str::trim)).expect("a line for it");
    let file = Path::new(folder.split(": ").next().expect("a path"));
    // As it is after an upgrade of Wireshark: the old folder remains.
    let all = file.ancestors().nth(3).expect("folders of all releases");
    let old = all.join("2.6/epan");
    fs::create_dir_all(&old).unwrap();
    fs::copy(&programs().plugin, old.join("syncookie.so")).unwrap();
    let (code, said, _) = user.plugin(&["status"]);
    let expected = format!("{}/syncookie.so: version ", old.display());
    let line = said.lines().find(|line| line.contains(&expected)).unwrap_or_else(|| panic!("{said}"));
    assert!(code == 1 && line.ends_with(&format!("for Wireshark {major}.{minor} only")), "{said}");
}

#[test]
fn a_file_of_a_package_is_neither_removed_nor_replaced() {
    let Some(user) = User::new() else { return };
    assert_eq!(user.plugin(&["install"]).0, 0);
    let (_, said, _) = user.plugin(&["status"]);
    let file = said.lines().find_map(|line| line.strip_prefix("Loaded: ")).expect("it is loaded");
    // The database of dpkg after a package installed this file.
    let database = user.home.path().join("dpkg");
    fs::create_dir_all(database.join("info")).unwrap();
    let package = "Package: wireshark-syncookie\nStatus: install ok installed\nArchitecture: all\n\
                   Maintainer: nobody <nobody@example.org>\nVersion: 1\nDescription: plugin\n\n";
    fs::write(database.join("status"), package).unwrap();
    fs::write(database.join("info/format"), "1\n").unwrap();
    fs::write(database.join("info/wireshark-syncookie.list"), format!("/.\n{file}\n")).unwrap();
    for action in ["uninstall", "install"] {
        let mut command = user.plugin_command(&[action]);
        let (code, _, complaint) = run(unprivileged(command.env("DPKG_ADMINDIR", &database)));
        assert!(code == 1 && complaint.contains("belongs to the package wireshark-syncookie"), "{complaint}");
        assert!(Path::new(file).exists());
    }
    assert_eq!(user.plugin(&["uninstall"]).0, 0, "without a package, it is removed");
    assert!(!Path::new(file).exists());
}

#[test]
fn the_profile_is_installed_on_request_works_and_is_never_overwritten() {
    let Some(user) = User::new() else { return };
    assert_eq!(user.plugin(&["install"]).0, 0);
    let folder = user.home.path().join(".config/wireshark/profiles/SYN cookies");
    assert!(!folder.exists(), "only on request");
    assert_eq!(user.plugin(&["install", "--profile"]).0, 0);

    let trace = user.home.path().join("trace.pcap");
    fs::copy(sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap"), &trace).unwrap();
    let (code, list, complaint) = user.tshark(&["-C", "SYN cookies", "-2", "-r", trace.to_str().unwrap()]);
    assert_eq!((code, complaint.as_str()), (0, ""));
    let row = list.lines().nth(1).unwrap_or_default();
    assert!(row.contains("syn-proxy likely reset-by-server"), "columns for verdict, confidence and outcome: {list}");
    for filter in filters(&folder) {
        let (code, _, complaint) = user.tshark(&["-2", "-r", trace.to_str().unwrap(), "-Y", &filter]);
        assert_eq!(code, 0, "{filter}: {complaint}");
    }

    let widths = fs::read_to_string(folder.join("recent")).expect("it was installed");
    for field in ["verdict", "confidence", "outcome", "cause", "delay"] {
        assert!(widths.contains(&format!("\"%Cus:syncookie.{field}\", ")), "no width for {field}: {widths}");
    }

    fs::write(folder.join("colorfilters"), "# mine\n").unwrap();
    // As Wireshark does when it exits.
    fs::write(folder.join("recent"), "gui.zoom_level: 0\n").unwrap();
    let preferences = fs::read_to_string(folder.join("preferences")).unwrap();
    let rewritten = format!(
        "# Configuration file for Wireshark 4.0.17.\n\n#gui.update.enabled: TRUE\ngui.column.hidden: \n{preferences}\n\
         gui.qt.font_name: DejaVu Sans Mono,9\n"
    );
    fs::write(folder.join("preferences"), rewritten).unwrap();
    let (code, said, _) = user.plugin(&["install", "--profile"]);
    assert!(code == 0 && said.contains("Kept the existing profile"), "{said}");
    let (_, said, _) = user.plugin(&["uninstall", "--profile"]);
    assert!(said.contains("these files were changed: colorfilters"), "{said}");
    assert_eq!(fs::read_to_string(folder.join("colorfilters")).unwrap(), "# mine\n");
    for name in ["dfilter_buttons", "io_graphs", "preferences", "recent"] {
        assert!(!folder.join(name).exists(), "{name} was not changed by the user");
    }
    fs::write(folder.join("preferences"), format!("{preferences}gui.column.hidden: %t\n")).unwrap();
    let (_, said, _) = user.plugin(&["uninstall", "--profile"]);
    assert!(said.contains("these files were changed: colorfilters, preferences"), "{said}");
}

/// The filters of all colouring rules, buttons and graphs of a profile.
fn filters(folder: &Path) -> Vec<String> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("it was installed");
    let rows = |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    let mut filters = Vec::new();
    for row in rows(&read("colorfilters")) {
        filters.push(row.split('@').nth(2).expect("a name, then a filter").to_owned());
    }
    for row in ["dfilter_buttons", "io_graphs"].iter().flat_map(|name| rows(&read(name))) {
        filters.push(row.split("\",\"").nth(2).expect("a label, then a filter").replace("\\x22", "\""));
    }
    assert!(filters.len() > 12);
    filters
}
