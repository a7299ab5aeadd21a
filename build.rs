//! Build script of the Wireshark plugin: turns the headers of one Wireshark release into Rust bindings.
//!
//! Which release: `WIRESHARK_VERSION` and `WIRESHARK_INCLUDE_DIR` when they are set, else what `pkg-config wireshark`
//! names. What differs between releases is looked up in the generated bindings, never concluded from version numbers,
//! and handed to the plugin's code as the cfgs of [`DIFFERENCES`].

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs, panic};

/// The releases the plugin was written against. Another one may well work; the build then says that nobody tried.
const RELEASES: [(u32, u32); 6] = [(3, 4), (3, 6), (4, 0), (4, 2), (4, 4), (4, 6)];

/// What differs between releases in what the plugin uses. The code for either side is in `plugin/src/epan/release.rs`.
const DIFFERENCES: [Difference; 4] = [
    // Since 4.0 tap listeners, and so statistics, are told with each packet why they get it.
    Difference { cfg: "wireshark_tap_flags", sign: Sign::Within("pub type stat_tree_packet_cb", "tap_flags_t") },
    // Since 4.2 conversation filters hand their callbacks a pointer of one's own.
    Difference {
        cfg: "wireshark_conversation_filter_data",
        sign: Sign::Within("pub fn register_conversation_filter", "user_data"),
    },
    // Since 4.4 truth values are C's bool; before, GLib's gboolean, an int.
    Difference { cfg: "wireshark_bool", sign: Sign::Within("pub fn prefs_register_bool_preference", "var: *mut bool") },
    // Since 4.4 the menu path of a statistic is cut at "//"; before, at "/", and no name was given to that.
    Difference { cfg: "wireshark_stats_separator", sign: Sign::Name("STATS_TREE_MENU_SEPARATOR") },
];

/// A cfg, and the sign in the bindings by which it is set.
struct Difference {
    cfg: &'static str,
    sign: Sign,
}

enum Sign {
    /// The declaration that begins with the first text has the second one.
    Within(&'static str, &'static str),
    /// There is such a name.
    Name(&'static str),
}

/// One Wireshark release, as its development headers describe it.
struct Release {
    major: u32,
    minor: u32,
    found_by: String,
    include_dir: Option<PathBuf>,
    compiler_flags: Vec<String>,
}

/// What is missing, and the remedy, in a sentence.
type Advice = String;

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(advice) => {
            // Shown by cargo as an error of its own, above all the rest it has to say of a build script that failed.
            println!("cargo::error={advice}");
            ExitCode::SUCCESS
        }
    }
}

fn build() -> Result<(), Advice> {
    let wrapper = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../wireshark-headers/wrapper.h");
    rerun_when_changed(&wrapper);

    let release = pick_release()?;
    println!("syncookie: Wireshark {}.{}, found by {}", release.major, release.minor, release.found_by);
    if !RELEASES.contains(&(release.major, release.minor)) {
        println!(
            "cargo:warning=nobody tried this plugin with Wireshark {}.{} yet; please report how it went",
            release.major, release.minor
        );
    }

    let bindings = generate(&wrapper, &release)?;
    for difference in &DIFFERENCES {
        println!("cargo:rustc-check-cfg=cfg({})", difference.cfg);
        if difference.found_in(&bindings)? {
            println!("cargo:rustc-cfg={}", difference.cfg);
        }
    }
    let file = Path::new(&variable("OUT_DIR")?).join("bindings.rs");
    fs::write(&file, bindings).map_err(|e| format!("cannot write the bindings to {}: {e}", file.display()))
}

fn rerun_when_changed(wrapper: &Path) {
    println!("cargo:rerun-if-changed={}", wrapper.display());
    println!("cargo:rerun-if-changed=../build.rs");
    for name in [
        "WIRESHARK_VERSION",
        "WIRESHARK_INCLUDE_DIR",
        "PKG_CONFIG",
        "PKG_CONFIG_PATH",
        "PKG_CONFIG_LIBDIR",
        "PKG_CONFIG_SYSROOT_DIR",
        "LIBCLANG_PATH",
    ] {
        println!("cargo:rerun-if-env-changed={name}");
    }
}

fn variable(name: &str) -> Result<String, Advice> {
    env::var(name).map_err(|_| format!("cargo did not set {name}: run this build script through cargo"))
}

fn pick_release() -> Result<Release, Advice> {
    match (env::var("WIRESHARK_VERSION"), env::var_os("WIRESHARK_INCLUDE_DIR")) {
        (Ok(version), Some(dir)) => named_release(&version, Path::new(&dir)),
        (Err(_), None) => installed_release(),
        (Ok(version), None) => Err(format!(
            "WIRESHARK_VERSION is {version}, but not where its headers are: set WIRESHARK_INCLUDE_DIR to the folder \
             that holds its epan folder, or unset WIRESHARK_VERSION"
        )),
        (Err(_), Some(dir)) => Err(format!(
            "WIRESHARK_INCLUDE_DIR is {}, but not which release that is: set WIRESHARK_VERSION, for example to 4.0.17",
            dir.display()
        )),
    }
}

fn named_release(version: &str, dir: &Path) -> Result<Release, Advice> {
    if !dir.join("epan/packet.h").is_file() {
        return Err(format!(
            "WIRESHARK_INCLUDE_DIR is {}, which has no epan/packet.h: it must be the folder with Wireshark's headers, \
             as /usr/include/wireshark is",
            dir.display()
        ));
    }
    let (major, minor) = parse_version(version)?;
    let mut compiler_flags = vec![format!("-I{}", dir.display())];
    compiler_flags.extend(glib_flags()?);
    let found_by = "WIRESHARK_VERSION and WIRESHARK_INCLUDE_DIR".to_owned();
    Ok(Release { major, minor, found_by, include_dir: Some(dir.to_owned()), compiler_flags })
}

fn installed_release() -> Result<Release, Advice> {
    let remedy = "Wireshark's development headers are needed: install libwireshark-dev (Debian, Ubuntu) or \
                  wireshark-devel (Fedora), or set WIRESHARK_VERSION and WIRESHARK_INCLUDE_DIR";
    // Asked for first: libwireshark-dev of Debian 12 does not bring GLib's headers along, without which pkg-config says
    // nothing of Wireshark either.
    let mut compiler_flags = glib_flags()?;
    let (major, minor) = parse_version(&pkg_config(&["--modversion", "wireshark"], remedy)?)?;
    compiler_flags.extend(words(&pkg_config(&["--cflags", "wireshark"], remedy)?));
    Ok(Release { major, minor, found_by: "pkg-config".to_owned(), include_dir: None, compiler_flags })
}

fn glib_flags() -> Result<Vec<String>, Advice> {
    let remedy =
        "GLib's development headers are needed: install libglib2.0-dev (Debian, Ubuntu) or glib2-devel (Fedora)";
    pkg_config(&["--cflags", "glib-2.0"], remedy).map(|flags| words(&flags))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn parse_version(version: &str) -> Result<(u32, u32), Advice> {
    let mut numbers = version.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok((major, minor)),
        _ => Err(format!("\"{version}\" is no Wireshark version: it must begin with two numbers, as 4.0.17 does")),
    }
}

fn pkg_config(arguments: &[&str], remedy: &str) -> Result<String, Advice> {
    let program = env::var_os("PKG_CONFIG").unwrap_or_else(|| OsStr::new("pkg-config").to_owned());
    let output = Command::new(&program).args(arguments).output().map_err(|e| {
        format!(
            "cannot run {} ({e}): install pkg-config (Debian, Ubuntu) or pkgconf (Fedora), or name the program in \
             PKG_CONFIG",
            program.display()
        )
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    let reason = reason.lines().next().unwrap_or("it gave no reason");
    Err(format!("pkg-config {} failed ({reason}); {remedy}", arguments.join(" ")))
}

fn generate(wrapper: &Path, release: &Release) -> Result<String, Advice> {
    check_headers(release)?;
    check_libclang()?;
    let list = fs::read_to_string(wrapper).map_err(|e| format!("cannot read {}: {e}", wrapper.display()))?;
    let mut builder = bindgen::Builder::default()
        .header(wrapper.to_string_lossy())
        .clang_args(&release.compiler_flags)
        .rust_edition(bindgen::RustEdition::Edition2024)
        .default_enum_style(bindgen::EnumVariation::Consts)
        .prepend_enum_name(false)
        .generate_comments(false)
        .layout_tests(false)
        .derive_debug(false)
        // Large, reached through pointers only, and never looked into.
        .opaque_type("wtap_pseudo_header|epan_column_info")
        .raw_line(format!("pub const WIRESHARK_MAJOR: ::std::os::raw::c_int = {};", release.major))
        .raw_line(format!("pub const WIRESHARK_MINOR: ::std::os::raw::c_int = {};", release.minor));
    for (kind, name) in used_names(&list) {
        builder = match kind {
            "function" => builder.allowlist_function(name),
            "type" => builder.allowlist_type(name),
            // Also "optional".
            _ => builder.allowlist_var(name),
        };
    }
    let bindings = builder
        .generate()
        .map_err(|e| format!("the headers of Wireshark {}.{} do not compile: {e}", release.major, release.minor))?
        .to_string();
    let bindings = bindings.replace("\r\n", "\n");
    match used_names(&list).find(|(kind, name)| *kind != "optional" && !mentions(&bindings, name)) {
        Some((kind, name)) => Err(format!(
            "Wireshark {}.{} has no {kind} {name}, which wireshark-headers/wrapper.h asks for",
            release.major, release.minor
        )),
        None => Ok(bindings),
    }
}

/// The names that wrapper.h says are used, with what they are.
fn used_names(list: &str) -> impl Iterator<Item = (&str, &str)> {
    ["function", "type", "constant", "optional"].into_iter().flat_map(move |kind| {
        list.lines()
            .filter_map(move |line| line.strip_prefix("// ")?.strip_prefix(kind)?.strip_prefix(' '))
            .flat_map(str::split_whitespace)
            .map(move |name| (kind, name))
    })
}

fn mentions(bindings: &str, name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    bindings.split(|c| !word(c)).any(|w| w == name)
}

/// Headers that tell their own release must tell the one that was picked: Wireshark refuses a plugin built for another.
fn check_headers(release: &Release) -> Result<(), Advice> {
    let Some(dir) = &release.include_dir else { return Ok(()) };
    let Ok(header) = fs::read_to_string(dir.join("ws_version.h")) else { return Ok(()) };
    let number = |name: &str| -> Option<u32> {
        header.lines().find_map(|line| line.strip_prefix("#define ")?.trim().strip_prefix(name)?.trim().parse().ok())
    };
    match (number("WIRESHARK_VERSION_MAJOR"), number("WIRESHARK_VERSION_MINOR")) {
        (Some(major), Some(minor)) if (major, minor) != (release.major, release.minor) => Err(format!(
            "WIRESHARK_VERSION says {}.{}, but the headers in {} are those of {major}.{minor}: set both to the same \
             release",
            release.major,
            release.minor,
            dir.display()
        )),
        _ => Ok(()),
    }
}

/// bindgen panics where libclang is missing; a sentence helps more than a backtrace.
fn check_libclang() -> Result<(), Advice> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let loaded = panic::catch_unwind(bindgen::clang_version);
    panic::set_hook(hook);
    loaded.map(|_| ()).map_err(|_| {
        "libclang is needed to read Wireshark's headers and was not found: install libclang-dev (Debian, Ubuntu) or \
         clang-devel (Fedora), or set LIBCLANG_PATH to the folder that holds libclang.so"
            .to_owned()
    })
}

impl Difference {
    fn found_in(&self, bindings: &str) -> Result<bool, Advice> {
        let (declaration, present) = match self.sign {
            Sign::Name(name) => return Ok(mentions(bindings, name)),
            Sign::Within(declaration, present) => (declaration, present),
        };
        let start = bindings
            .find(declaration)
            .ok_or_else(|| format!("the bindings lack \"{declaration}\", by which {} is decided", self.cfg))?;
        let declaration = &bindings[start..];
        let end = declaration.find([';', '}']).unwrap_or(declaration.len());
        // One declaration may spread over several lines: compare without line breaks.
        let declaration: Vec<_> = declaration[..end].split_whitespace().collect();
        Ok(declaration.join(" ").contains(present))
    }
}
