//! Properties of a plugin file, of any system. The file is read as data and none of its code runs.

use std::fs;
use std::path::Path;

use object::read::{ExportTarget, NameOrOrdinal};
use object::{BinaryFormat, Object as _, ObjectSection as _};

use super::Done;
use super::failure::Failure;
use super::release::Release;

/// File name of the installed plugin. Wireshark loads files with this extension.
pub const NAME: &str = if cfg!(windows) { "syncookie.dll" } else { "syncookie.so" };

/// Field that only this plugin registers. It distinguishes the file from other plugins.
const MARK: &[u8] = b"syncookie.verdict";

/// Properties of a plugin file.
#[derive(Debug, PartialEq, Eq)]
pub struct Library {
    /// Release of Wireshark that the plugin was built for.
    pub built_for: Release,
    /// Version of the plugin.
    pub version: String,
}

impl Library {
    /// Reads the file.
    pub fn read(path: &Path) -> Done<Self> {
        let bytes = fs::read(path).map_err(|error| Failure::Io { what: "read", path: path.to_owned(), error })?;
        Self::parse(&bytes).map_err(|why| Failure::NotAPlugin { file: path.to_owned(), why })
    }

    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let file = object::File::parse(bytes).map_err(|error| format!("it is not a shared library ({error})"))?;
        let number = |name| {
            let bytes = value(&file, name)?
                .first_chunk()
                .copied()
                .ok_or_else(|| format!("its symbol {name} is not a number"))?;
            Ok::<u32, String>(if file.is_little_endian() {
                u32::from_le_bytes(bytes)
            } else {
                u32::from_be_bytes(bytes)
            })
        };
        let built_for = Release { major: number("plugin_want_major")?, minor: number("plugin_want_minor")? };
        let version = value(&file, "plugin_version")?;
        let end = version.iter().position(|byte| *byte == 0).unwrap_or(version.len());
        if !bytes.windows(MARK.len()).any(|window| window == MARK) {
            return Err("it is a plugin of another program".to_owned());
        }
        Ok(Self { built_for, version: String::from_utf8_lossy(&version[..end]).into_owned() })
    }
}

/// Returns the bytes that begin at an exported symbol.
fn value<'a>(file: &object::File<'a>, name: &str) -> Result<&'a [u8], String> {
    // On macOS, C names begin with an underscore.
    let prefix: &[u8] = if file.format() == BinaryFormat::MachO { b"_" } else { b"" };
    let is_wanted = |export: &object::Export<'_>| {
        let NameOrOrdinal::Name(found) = export.name() else { return false };
        found.strip_prefix(prefix) == Some(name.as_bytes())
    };
    let exports = file.exports().map_err(|error| format!("its symbols cannot be read ({error})"))?;
    let export = exports.filter_map(Result::ok).find(is_wanted).ok_or_else(|| format!("it has no symbol {name}"))?;
    let ExportTarget::Address { address } = export.target() else {
        return Err(format!("its symbol {name} has no address"));
    };
    bytes_at(file, address).ok_or_else(|| format!("its symbol {name} has no data"))
}

/// Returns the bytes of a section from an address on.
fn bytes_at<'a>(file: &object::File<'a>, address: u64) -> Option<&'a [u8]> {
    let holds =
        |section: &object::Section<'a, '_>| (0..section.size()).contains(&address.wrapping_sub(section.address()));
    let section = file.sections().find(holds)?;
    section.data().ok()?.get(usize::try_from(address - section.address()).ok()?..)
}
