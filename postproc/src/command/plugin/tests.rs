use std::fs;
use std::path::Path;

use super::install::places;
use super::library::Library;
use super::release::Release;
use super::wireshark::folder;

#[test]
fn the_release_is_read_from_the_output_of_tshark() {
    let release = |text| Release::find(text).map(|r| (r.major, r.minor));
    assert_eq!(release("TShark (Wireshark) 4.0.17 (Git v4.0.17 packaged as 4.0.17-0+deb12u3)."), Some((4, 0)));
    assert_eq!(release("TShark (Wireshark) 4.6.0."), Some((4, 6)));
    assert_eq!(release("tshark"), None);
}

/// The test reads its own executable, which is an ELF file there.
#[test]
#[cfg(target_os = "linux")]
fn a_file_that_is_not_a_shared_library_is_rejected() {
    assert!(Library::parse(b"MZ").unwrap_err().starts_with("it is not a shared library"));
    let this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert_eq!(Library::parse(&this).unwrap_err(), "it has no symbol plugin_want_major");
    for end in (0..this.len().min(4096)).step_by(7) {
        assert!(Library::parse(&this[..end]).is_err());
    }
}

/// Returns a small library with the symbols of a plugin.
fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/command/plugin/fixtures").join(name)).unwrap()
}

#[test]
fn plugins_for_windows_and_macos_are_read_on_every_system() {
    for name in ["windows.dll", "macos.so"] {
        let library = Library::parse(&fixture(name)).unwrap();
        assert_eq!((library.built_for.major, library.built_for.minor, &*library.version), (4, 6, "1.2.3"), "{name}");
    }
}

#[test]
fn a_damaged_plugin_is_an_error() {
    for name in ["windows.dll", "macos.so"] {
        let bytes = fixture(name);
        for end in (0..1024).step_by(7) {
            assert!(Library::parse(&bytes[..end]).is_err(), "{name} of {end} bytes");
        }
        for at in 0..1024 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0xff;
            // Whether it is an error depends on the byte. It must not panic.
            let _ = Library::parse(&damaged);
        }
    }
}

#[test]
fn the_plugin_for_the_running_release_is_looked_for_first() {
    let places = places(Path::new("folder/bin"), Release { major: 4, minor: 6 });
    let name = format!("syncookie.{}", if cfg!(windows) { "dll" } else { "so" });
    assert_eq!(places[0], Path::new("folder/bin/plugins/4.6").join(&name));
    assert_eq!(places[2..].iter().filter(|place| place.ends_with(&name)).count(), 2);
}

#[test]
fn folders_of_windows_and_macos_are_read_from_the_output_of_tshark() {
    let windows = "Personal configuration: \tC:\\Users\\me\\AppData\\Roaming\\Wireshark\r\n\
                   Personal Plugins:       \tC:\\Users\\me\\AppData\\Roaming\\Wireshark\\plugins\\4.6\r\n";
    let personal = Path::new(r"C:\Users\me\AppData\Roaming\Wireshark\plugins\4.6");
    assert_eq!(folder(windows, "Personal Plugins").as_deref(), Some(personal));
    let macos = "Personal Plugins:       \t/Users/me/.local/lib/wireshark/plugins/4-6\n";
    let personal = Path::new("/Users/me/.local/lib/wireshark/plugins/4-6");
    assert_eq!(folder(macos, "Personal Plugins").as_deref(), Some(personal));
}
