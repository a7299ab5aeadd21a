#[cfg(target_os = "linux")]
use super::library::Library;
use super::release::Release;

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

#[test]
fn the_command_is_refused_only_on_windows() {
    use crate::cli::plugin::{Action, Target};
    let status = super::act(&Action::Status(Target { tshark: "missing/tshark".into() }));
    assert_eq!(matches!(status, Err(super::Failure::NoPluginForWindows)), cfg!(windows));
}
