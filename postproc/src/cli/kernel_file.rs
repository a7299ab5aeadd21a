//! Values of `--kernel`: a file, and the machine that it was saved on.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};
use syncookie_engine::Machine;

/// File with counters of a kernel, `FILE`, `server=FILE` or `proxy=FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelFile {
    /// Machine that the file was saved on.
    pub machine: Machine,
    /// Path of the file.
    pub path: PathBuf,
}

/// Parser of [`KernelFile`]. A file whose name begins like a machine is named `./server=…`.
#[derive(Clone, Copy, Debug)]
pub struct KernelFileParser;

impl TypedValueParser for KernelFileParser {
    type Value = KernelFile;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<KernelFile, Error> {
        let unnamed = || KernelFile { machine: Machine::Unnamed, path: PathBuf::from(value) };
        let Some((name, path)) = value.to_str().and_then(|text| text.split_once('=')) else { return Ok(unnamed()) };
        let machine = match name {
            "server" => Machine::Server,
            "proxy" => Machine::Proxy,
            _ if is_word(name) && !PathBuf::from(value).exists() => {
                let text = format!("{name}= is not a machine; write server=FILE or proxy=FILE");
                return Err(Error::raw(ErrorKind::ValueValidation, text).with_cmd(command));
            }
            _ => return Ok(unnamed()),
        };
        Ok(KernelFile { machine, path: path.into() })
    }
}

/// Returns whether the text may be meant as the name of a machine.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<(Machine, String)> {
        let file = KernelFileParser.parse_ref(&Command::new("test"), None, OsStr::new(text)).ok()?;
        Some((file.machine, file.path.to_string_lossy().into_owned()))
    }

    #[test]
    fn a_file_may_name_its_machine() {
        let some = |machine, path: &str| Some((machine, path.to_owned()));
        assert_eq!(parsed("nstat.txt"), some(Machine::Unnamed, "nstat.txt"));
        assert_eq!(parsed("server=a=b.txt"), some(Machine::Server, "a=b.txt"));
        assert_eq!(parsed("proxy=-"), some(Machine::Proxy, "-"));
        assert_eq!(parsed("./server=a"), some(Machine::Unnamed, "./server=a"));
        assert_eq!(parsed("client=a.txt"), None, "no such machine, and no such file");
    }
}
