//! `syncookie plugin` with a Wireshark that is a Flatpak, a snap or an AppImage. Wrappers of the
//! real tshark do what these packages do with its folders.

use std::fs;
use std::path::{Path, PathBuf};

use syncookie_tests::tshark::unprivileged;

use crate::wireshark_install::{User, run};

/// Runs `syncookie plugin` as an ordinary user, with the programs of `bin` before all others.
fn plugin(user: &User, arguments: &[&str]) -> (i32, String, String) {
    let mut command = user.plugin_command(arguments);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", user.home.path().join("bin").display()));
    run(unprivileged(&mut command))
}

/// Installs the plugin and the profile, checks that they are used, and removes them.
#[track_caller]
fn assert_installs(user: &User, tshark: &str, settings: &Path) {
    let (code, said, complaint) = plugin(user, &["install", "--profile", "--tshark", tshark]);
    assert!(code == 0 && said.contains("Wireshark loads the plugin"), "{said}{complaint}");
    assert!(settings.join("profiles/SYN cookies/io_graphs").exists(), "{said}");
    let (code, said, _) = plugin(user, &["status", "--tshark", tshark]);
    assert!(code == 0 && said.contains("Loaded: "), "{said}");
    let (code, said, _) = plugin(user, &["uninstall", "--profile", "--tshark", tshark]);
    assert!(code == 0 && said.contains("Removed the profile"), "{said}");
    assert_eq!(plugin(user, &["status", "--tshark", tshark]).0, 1);
}

/// Checks that the folder for all users is called a part of this package.
#[track_caller]
fn assert_is_inside(user: &User, tshark: &str, package: &str) {
    let expected = format!("is inside the {package}, which cannot be changed");
    for action in ["install", "uninstall"] {
        let (code, _, complaint) = plugin(user, &[action, "--system", "--tshark", tshark]);
        assert!(code == 1 && complaint.contains(&expected), "{complaint}");
    }
    let (_, said, _) = plugin(user, &["status", "--tshark", tshark]);
    assert!(said.contains(&expected), "{said}");
}

/// Returns a shell command that runs tshark with a folder of this kind for the plugins of all
/// users.
fn tshark_with(global: &str) -> String {
    format!("tshark \"$@\" | sed 's|^Global Plugins:.*|Global Plugins:\t{global}/wireshark/plugins/4.0|'")
}

#[test]
fn a_flatpak_keeps_its_settings_below_var_and_reads_the_plugins_of_the_user() {
    let Some(user) = User::new() else { return };
    let settings = user.home.path().join(".var/app/org.wireshark.Wireshark/config");
    let script = format!(
        "#!/bin/sh\n[ \"$1 $2 $3\" = 'run --command=tshark org.wireshark.Wireshark' ] || exit 9\nshift 3\n\
         export XDG_CONFIG_HOME={}\n{}\n",
        settings.display(),
        tshark_with("/app/lib")
    );
    user.program("bin/flatpak", script.as_bytes());
    assert_installs(&user, "flatpak", &settings.join("wireshark"));
    assert_is_inside(&user, "flatpak", "Flatpak");
}

#[test]
fn a_flatpak_without_access_to_the_folder_is_reported_with_its_messages() {
    let Some(user) = User::new() else { return };
    // As in a sandbox without the user's files.
    let script = format!(
        "#!/bin/sh\nshift 3\n[ $2 = folders ] || export HOME=/nonexistent\necho 'note from flatpak' >&2\n{}\n",
        tshark_with("/app/lib")
    );
    user.program("bin/flatpak", script.as_bytes());
    let (code, said, _) = plugin(&user, &["install", "--tshark", "flatpak"]);
    assert!(code == 1 && said.contains("tshark: note from flatpak"), "{said}");
    assert!(said.contains("Not loaded: the Flatpak may have no access") && said.contains("flatpak override"), "{said}");

    user.program("bin/flatpak", b"#!/bin/sh\necho 'error: app/org.wireshark.Wireshark not installed' >&2\nexit 1\n");
    let (code, _, complaint) = plugin(&user, &["status", "--tshark", "flatpak"]);
    assert!(code == 1 && complaint.contains("error: app/org.wireshark.Wireshark not installed"), "{complaint}");
}

#[test]
fn a_snap_has_a_home_of_its_own() {
    let Some(user) = User::new() else { return };
    let home = user.home.path().join("snap/wireshark/12");
    let script = format!(
        "#!/bin/sh\n[ \"$1 $2\" = 'run wireshark.tshark' ] || exit 9\nshift 2\nexport HOME={}\n{}\n",
        home.display(),
        tshark_with("/snap/wireshark/12/usr/lib")
    );
    user.program("bin/snap", script.as_bytes());
    assert_installs(&user, "snap", &home.join(".config/wireshark"));
    assert_is_inside(&user, "snap", "snap");
}

/// Returns a program with the mark of an AppImage, which the system ignores.
fn appimage(program: &Path) -> Vec<u8> {
    let mut bytes = fs::read(program).expect("it is installed");
    bytes[8..11].copy_from_slice(b"AI\x02");
    bytes
}

fn on_path(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.exists());
    found.unwrap_or_else(|| panic!("{program} is not installed"))
}

#[test]
fn an_appimage_is_started_under_the_name_of_tshark() {
    let Some(user) = User::new() else { return };
    let image = user.program("Wireshark-x86_64.AppImage", &appimage(&on_path("tshark")));
    assert_installs(&user, &image, &user.home.path().join(".config/wireshark"));

    // A program that names itself as it was called.
    let image = user.program("Other.AppImage", &appimage(&on_path("dash")));
    let (code, _, complaint) = plugin(&user, &["status", "--tshark", &image]);
    assert!(code == 1 && complaint.contains("It printed this error: tshark: "), "{complaint}");

    let mounted = format!("#!/bin/sh\n{}\n", tshark_with("/tmp/.mount_WiresharkAbc/usr/lib"));
    let wrapper = user.program("wrapper", mounted.as_bytes());
    assert_is_inside(&user, &wrapper, "AppImage");
}

#[test]
fn an_installed_flatpak_is_named_when_tshark_is_missing_and_in_the_status() {
    let Some(user) = User::new() else { return };
    fs::create_dir_all(user.home.path().join(".local/share/flatpak/app/org.wireshark.Wireshark")).unwrap();
    let mut command = user.plugin_command(&["status"]);
    let (code, _, complaint) = run(unprivileged(command.env("PATH", "/nonexistent")));
    assert!(code == 1 && complaint.contains("For the installed Flatpak: --tshark flatpak"), "{complaint}");
    let (_, said, _) = plugin(&user, &["status"]);
    assert!(said.contains("also installed: syncookie plugin status --tshark flatpak"), "{said}");
}
