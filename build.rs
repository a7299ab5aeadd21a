//! Build script of the Wireshark plugin: turns the headers of one Wireshark release into Rust
//! bindings.
//!
//! `WIRESHARK_VERSION` and `WIRESHARK_INCLUDE_DIR` choose the release when they are set, else
//! `pkg-config wireshark` does. Differences between releases are looked up in the generated
//! bindings, never concluded from version numbers. The plugin's code sees them as the cfgs of
//! [`DIFFERENCES`].
//!
//! On Linux and macOS, the plugin finds Wireshark's functions in the program that loads it. On
//! Windows, a library must name the library of each function that it imports, so the bindings do
//! ([`link_by_name`]). They need no import library.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::rc::Rc;
use std::{env, fs, panic};

use bindgen::callbacks::{DiscoveredItem, DiscoveredItemId, ParseCallbacks, SourceLocation};

/// The differences between releases that concern the plugin. `plugin/src/epan/release.rs` has the
/// code for both sides.
const DIFFERENCES: [Difference; 4] = [
    // Since 4.0, tap listeners (statistics are some) get flags with each packet that say why it is
    // queued.
    Difference { cfg: "wireshark_tap_flags", probe: Probe::Within("pub type stat_tree_packet_cb", "tap_flags_t") },
    // Since 4.2, a conversation filter is registered with a pointer that its callbacks get.
    Difference {
        cfg: "wireshark_conversation_filter_data",
        probe: Probe::Within("pub fn register_conversation_filter", "user_data"),
    },
    // Since 4.4, truth values are C's bool; before, GLib's gboolean, an int.
    Difference {
        cfg: "wireshark_bool",
        probe: Probe::Within("pub fn prefs_register_bool_preference", "var: *mut bool"),
    },
    // Since 4.4, the menu path of a statistic is split at "//"; before, at "/", for which there was
    // no constant.
    Difference { cfg: "wireshark_stats_separator", probe: Probe::Name("STATS_TREE_MENU_SEPARATOR") },
];

/// A cfg, and the probe of the bindings that sets it.
struct Difference {
    cfg: &'static str,
    probe: Probe,
}

/// What to look for in the bindings.
enum Probe {
    /// The tokens of the second text, in the declaration that begins with the tokens of the first.
    Within(&'static str, &'static str),
    /// A name, anywhere.
    Name(&'static str),
}

/// The tokens of Rust code: words and punctuation characters.
///
/// Bindings are searched token by token because their white space varies: without rustfmt, bindgen
/// writes `* mut bool`.
struct Tokens<'a>(Vec<&'a str>);

/// The header that declares each function, by the function's name.
#[derive(Clone, Debug, Default)]
struct Headers(Rc<RefCell<BTreeMap<String, String>>>);

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
            // Cargo shows this as an error of its own, above everything else it says about a failed
            // build script.
            println!("cargo::error={advice}");
            ExitCode::SUCCESS
        }
    }
}

fn build() -> Result<(), Advice> {
    let folder = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../wireshark-headers");
    let (wrapper, releases) = (folder.join("wrapper.h"), folder.join("releases.tsv"));
    rerun_when_changed(&[&wrapper, &releases]);

    let release = pick_release()?;
    println!("syncookie: Wireshark {}.{}, found by {}", release.major, release.minor, release.found_by);
    if !tested_releases(&releases)?.contains(&(release.major, release.minor)) {
        println!(
            "cargo:warning=the plugin has not been tested with Wireshark {}.{} yet; please report whether it works",
            release.major, release.minor
        );
    }

    let bindings = generate(&wrapper, &release)?;
    let tokens = Tokens::of(&bindings);
    for difference in &DIFFERENCES {
        println!("cargo:rustc-check-cfg=cfg({})", difference.cfg);
        if difference.found_in(&tokens)? {
            println!("cargo:rustc-cfg={}", difference.cfg);
        }
    }
    if is_for("macos") {
        // The linker of macOS rejects functions that no library has, unless the program may have them.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-undefined,dynamic_lookup");
    }
    let file = Path::new(&variable("OUT_DIR")?).join("bindings.rs");
    fs::write(&file, bindings).map_err(|e| format!("cannot write the bindings to {}: {e}", file.display()))
}

fn rerun_when_changed(files: &[&Path]) {
    for file in files {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    println!("cargo:rerun-if-changed=../build.rs");
    println!("cargo:rerun-if-changed=../wireshark-headers/windows/glibconfig.h");
    for name in [
        "WIRESHARK_VERSION",
        "WIRESHARK_INCLUDE_DIR",
        "PKG_CONFIG",
        "PKG_CONFIG_PATH",
        "PKG_CONFIG_LIBDIR",
        "PKG_CONFIG_SYSROOT_DIR",
        "LIBCLANG_PATH",
        "RUSTFMT",
    ] {
        println!("cargo:rerun-if-env-changed={name}");
    }
}

fn variable(name: &str) -> Result<String, Advice> {
    env::var(name).map_err(|_| format!("{name} is not set: run this build script through cargo"))
}

/// Returns the releases that the plugin is tested with. Others may work as well; the build then
/// warns.
fn tested_releases(list: &Path) -> Result<Vec<(u32, u32)>, Advice> {
    let text = read(list)?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let releases = lines.map(|line| parse_version(line.split('\t').next().unwrap_or_default()));
    releases.collect::<Result<_, _>>().map_err(|e| format!("{}: {e}", list.display()))
}

fn read(file: &Path) -> Result<String, Advice> {
    fs::read_to_string(file).map_err(|e| format!("cannot read {}: {e}", file.display()))
}

fn pick_release() -> Result<Release, Advice> {
    match (env::var("WIRESHARK_VERSION"), env::var_os("WIRESHARK_INCLUDE_DIR")) {
        (Ok(version), Some(dir)) => named_release(&version, Path::new(&dir)),
        (Err(_), None) => installed_release(),
        (Ok(version), None) => Err(format!(
            "WIRESHARK_VERSION is set to {version}, but WIRESHARK_INCLUDE_DIR is not set: set it to the folder that \
             contains the folder epan, or unset WIRESHARK_VERSION"
        )),
        (Err(_), Some(dir)) => Err(format!(
            "WIRESHARK_INCLUDE_DIR is set to {}, but WIRESHARK_VERSION is not set: set it to the release of these \
             headers, such as 4.0.17",
            dir.display()
        )),
    }
}

fn named_release(version: &str, dir: &Path) -> Result<Release, Advice> {
    if !dir.join("epan/packet.h").is_file() {
        return Err(format!(
            "WIRESHARK_INCLUDE_DIR is set to {}, which has no epan/packet.h: set it to the folder with Wireshark's \
             headers, such as /usr/include/wireshark",
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
    let remedy = "Wireshark's development headers are missing: install libwireshark-dev (Debian, Ubuntu) or \
                  wireshark-devel (Fedora), or set WIRESHARK_VERSION and WIRESHARK_INCLUDE_DIR";
    // GLib comes first: libwireshark-dev of Debian 12 does not depend on GLib's headers, and
    // without them pkg-config fails for Wireshark, too.
    let mut compiler_flags = glib_flags()?;
    let (major, minor) = parse_version(&pkg_config(&["--modversion", "wireshark"], remedy)?)?;
    compiler_flags.extend(words(&pkg_config(&["--cflags", "wireshark"], remedy)?));
    Ok(Release { major, minor, found_by: "pkg-config".to_owned(), include_dir: None, compiler_flags })
}

fn glib_flags() -> Result<Vec<String>, Advice> {
    let remedy =
        "GLib's development headers are missing: install libglib2.0-dev (Debian, Ubuntu) or glib2-devel (Fedora)";
    pkg_config(&["--cflags", "glib-2.0"], remedy).map(|flags| words(&flags))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn parse_version(version: &str) -> Result<(u32, u32), Advice> {
    let mut numbers = version.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok((major, minor)),
        _ => Err(format!("\"{version}\" is not a Wireshark version: it must begin with two numbers, such as 4.0.17")),
    }
}

fn pkg_config(arguments: &[&str], remedy: &str) -> Result<String, Advice> {
    let program = env::var_os("PKG_CONFIG").unwrap_or_else(|| OsStr::new("pkg-config").to_owned());
    let output = Command::new(&program).args(arguments).output().map_err(|e| {
        format!(
            "cannot run {} ({e}): install pkg-config (Debian, Ubuntu) or pkgconf (Fedora), or set PKG_CONFIG to the \
             path of the program",
            program.display()
        )
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    let reason = reason.lines().next().unwrap_or("no reason given");
    Err(format!("pkg-config {} failed ({reason}); {remedy}", arguments.join(" ")))
}

fn generate(wrapper: &Path, release: &Release) -> Result<String, Advice> {
    check_headers(release)?;
    check_libclang()?;
    let list = read(wrapper)?;
    let headers = Headers::default();
    let mut builder = bindgen::Builder::default()
        .header(wrapper.to_string_lossy())
        .parse_callbacks(Box::new(headers.clone()))
        .clang_args(target_flags(wrapper))
        .clang_args(&release.compiler_flags)
        .rust_edition(bindgen::RustEdition::Edition2024)
        .default_enum_style(bindgen::EnumVariation::Consts)
        .prepend_enum_name(false)
        .generate_comments(false)
        .layout_tests(false)
        .derive_debug(false)
        .ctypes_prefix("libc")
        // Large types, used through pointers only.
        .opaque_type("wtap_pseudo_header|epan_column_info")
        .raw_line(format!("pub const WIRESHARK_MAJOR: libc::c_int = {};", release.major))
        .raw_line(format!("pub const WIRESHARK_MINOR: libc::c_int = {};", release.minor));
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
    let mut bindings = bindings.replace("\r\n", "\n");
    if is_for("windows") {
        bindings = link_by_name(&bindings, &headers)?;
    }
    let tokens = Tokens::of(&bindings);
    let missing = used_names(&list).find(|(kind, name)| *kind != "optional" && !tokens.contain(name));
    match missing {
        Some((kind, name)) => Err(format!(
            "the headers of Wireshark {}.{} lack the {kind} {name}, which wireshark-headers/wrapper.h lists",
            release.major, release.minor
        )),
        None => Ok(bindings),
    }
}

fn is_for(system: &str) -> bool {
    env::var("CARGO_CFG_TARGET_OS").is_ok_and(|target| target == system)
}

/// Returns what the compiler must know about the target.
fn target_flags(wrapper: &Path) -> Vec<String> {
    if !is_for("windows") {
        return Vec::new();
    }
    let glib = wrapper.with_file_name("windows");
    // Wireshark for Windows is compiled with Microsoft's compiler, which places bit fields in another
    // way than compilers on Linux do.
    vec!["-mms-bitfields".to_owned(), format!("-I{}", glib.display())]
}

/// Names the library of each function.
fn link_by_name(bindings: &str, headers: &Headers) -> Result<String, Advice> {
    const BLOCK: &str = "unsafe extern \"C\" {";
    let (first, blocks) = bindings.split_once(BLOCK).ok_or("the bindings declare no function")?;
    let mut linked = first.to_owned();
    for block in blocks.split(BLOCK) {
        let name = Tokens::of(block).after("pub fn").ok_or("the bindings declare something else than functions")?;
        let library = headers.library(name)?;
        linked += &format!("#[link(name = \"{library}\", kind = \"raw-dylib\")]\n{BLOCK}{block}");
    }
    Ok(linked)
}

/// Returns the names that wrapper.h lists, each with its kind.
fn used_names(list: &str) -> impl Iterator<Item = (&str, &str)> {
    ["function", "type", "constant", "optional"].into_iter().flat_map(move |kind| {
        list.lines()
            .filter_map(move |line| line.strip_prefix("// ")?.strip_prefix(kind)?.strip_prefix(' '))
            .flat_map(str::split_whitespace)
            .map(move |name| (kind, name))
    })
}

/// Checks that headers which name their release name the chosen one: Wireshark refuses a plugin
/// built for another.
fn check_headers(release: &Release) -> Result<(), Advice> {
    let Some(dir) = &release.include_dir else { return Ok(()) };
    let Ok(header) = fs::read_to_string(dir.join("ws_version.h")) else { return Ok(()) };
    let number = |name: &str| -> Option<u32> {
        header.lines().find_map(|line| line.strip_prefix("#define ")?.trim().strip_prefix(name)?.trim().parse().ok())
    };
    match (number("WIRESHARK_VERSION_MAJOR"), number("WIRESHARK_VERSION_MINOR")) {
        (Some(major), Some(minor)) if (major, minor) != (release.major, release.minor) => Err(format!(
            "WIRESHARK_VERSION is set to {}.{}, but the headers in {} are those of {major}.{minor}: set both to the \
             same release",
            release.major,
            release.minor,
            dir.display()
        )),
        _ => Ok(()),
    }
}

/// Checks that libclang can be loaded. Without it bindgen panics, and a sentence helps more than a
/// backtrace.
fn check_libclang() -> Result<(), Advice> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let loaded = panic::catch_unwind(bindgen::clang_version);
    panic::set_hook(hook);
    loaded.map(|_| ()).map_err(|_| {
        "libclang, which reads Wireshark's headers, was not found: install libclang-dev (Debian, Ubuntu) or \
         clang-devel (Fedora), or set LIBCLANG_PATH to the folder that contains libclang.so"
            .to_owned()
    })
}

impl ParseCallbacks for Headers {
    fn new_item_found(&self, _: DiscoveredItemId, item: DiscoveredItem, location: Option<&SourceLocation>) {
        let file = location.and_then(|location| location.file_name.clone());
        if let (DiscoveredItem::Function { final_name }, Some(file)) = (item, file) {
            self.0.borrow_mut().insert(final_name, file);
        }
    }
}

impl Headers {
    /// Returns the library that has a function. Functions move between libraries, and their headers
    /// move with them.
    fn library(&self, function: &str) -> Result<&'static str, Advice> {
        let headers = self.0.borrow();
        let header = headers.get(function).map(String::as_str).unwrap_or_default();
        let is_below = |folder: &str| Path::new(header).iter().any(|name| name == folder);
        if is_below("wsutil") {
            Ok("libwsutil")
        } else if is_below("epan") {
            Ok("libwireshark")
        } else {
            Err(format!("no library of Wireshark is known for {function}, which \"{header}\" declares"))
        }
    }
}

impl Difference {
    /// Returns whether the probe succeeds. Fails when the declaration to probe is missing.
    fn found_in(&self, bindings: &Tokens<'_>) -> Result<bool, Advice> {
        match self.probe {
            Probe::Name(name) => Ok(bindings.contain(name)),
            Probe::Within(declaration, wanted) => {
                bindings.declaration(declaration).map(|declaration| declaration.contain(wanted)).ok_or_else(|| {
                    format!("the bindings lack \"{declaration}\", which decides whether {} is set", self.cfg)
                })
            }
        }
    }
}

impl<'a> Tokens<'a> {
    fn of(code: &'a str) -> Self {
        let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut tokens = Vec::new();
        let mut rest = code.trim_start();
        while let Some(first) = rest.chars().next() {
            let end = if in_word(first) { rest.find(|c| !in_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
            tokens.push(&rest[..end]);
            rest = rest[end..].trim_start();
        }
        Self(tokens)
    }

    /// Returns whether the tokens of `code` occur, one after the other.
    fn contain(&self, code: &str) -> bool {
        self.position(code).is_some()
    }

    /// Returns the tokens from where those of `start` occur to the end of that declaration.
    fn declaration(&self, start: &str) -> Option<Self> {
        let tokens = &self.0[self.position(start)?..];
        let end = tokens.iter().position(|token| [";", "}"].contains(token)).unwrap_or(tokens.len());
        Some(Self(tokens[..end].to_vec()))
    }

    /// Returns the token that follows those of `code`.
    fn after(&self, code: &str) -> Option<&'a str> {
        self.0.get(self.position(code)? + Tokens::of(code).0.len()).copied()
    }

    fn position(&self, code: &str) -> Option<usize> {
        let wanted = Tokens::of(code).0;
        self.0.windows(wanted.len()).position(|window| window == wanted)
    }
}
