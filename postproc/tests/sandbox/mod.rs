//! Folder for the files of one test, and runs of the program in it.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Folder that is empty at first and removed at the end.
pub struct Sandbox(PathBuf);

/// Exit code and output of a run of the program.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("analyze-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the build folder can be written to");
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file and returns its name, relative to the folder that the program runs in.
    pub fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it lies in the sandbox")).expect("the sandbox is ours");
        fs::write(path, bytes).expect("the sandbox is ours");
        name.into()
    }

    /// Prepares `syncookie analyze` with these arguments.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.program("analyze");
        command.args(args);
        command
    }

    /// Prepares a command of `syncookie` without arguments.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_syncookie"));
        command.arg(name).current_dir(&self.0).env_remove("COLUMNS");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn analyze(&self, args: &[&str]) -> Run {
        Run::of(self.command(args).output().expect("cargo built the program"))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Run {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("ended by a signal"),
            stdout: String::from_utf8(output.stdout).expect("results are UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        }
    }

    /// Returns standard output without line breaks inside its sentences, and with single blanks.
    pub fn unwrapped(&self) -> String {
        self.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Returns the objects of a type in JSON Lines.
    pub fn objects(&self, kind: &str) -> Vec<Value> {
        let parse = |line| serde_json::from_str::<Value>(line).expect("every line is JSON");
        let all = self.stdout.lines().map(parse);
        all.filter(|object| object["type"] == kind).collect()
    }
}
