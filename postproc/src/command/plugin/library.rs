//! Properties of a plugin file. The file is read as data and none of its code runs.

use std::fs;
use std::path::Path;

use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

use super::Done;
use super::failure::Failure;
use super::release::Release;

/// File name of the installed plugin.
pub const NAME: &str = "syncookie.so";

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

/// Returns the bytes of a symbol.
fn value<'a>(file: &object::File<'a>, name: &str) -> Result<&'a [u8], String> {
    let symbol = file.dynamic_symbols().find(|symbol| symbol.name() == Ok(name));
    let symbol = symbol.ok_or_else(|| format!("it has no symbol {name}"))?;
    let section = symbol.section_index().and_then(|index| file.section_by_index(index).ok());
    let data = section.and_then(|section| section.data_range(symbol.address(), symbol.size()).ok().flatten());
    data.ok_or_else(|| format!("its symbol {name} has no data"))
}
