//! Manual pages and shell completions, made from the same definition as `--help`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap::{Command, CommandFactory};

use crate::cli::{Cli, Completions, Manual};

/// Writes a manual page, or all of them.
pub fn manual(args: &Manual) -> io::Result<()> {
    match &args.output {
        Some(folder) => {
            fs::create_dir_all(folder)?;
            every(&command(), folder)
        }
        None => io::stdout().lock().write_all(page(&named(args.command.as_deref())?)?.as_bytes()),
    }
}

/// Writes what a shell reads to complete the command line.
pub fn completions(args: &Completions) -> io::Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command(), NAME, &mut text);
    io::stdout().lock().write_all(&text)
}

const NAME: &str = env!("CARGO_PKG_NAME");

/// The program's definition, with that of every command filled in.
fn command() -> Command {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    command
}

/// One command's definition, or the whole.
fn named(name: Option<&str>) -> io::Result<Command> {
    let whole = command();
    let Some(name) = name else { return Ok(whole) };
    let names = || whole.get_subcommands().map(Command::get_name).collect::<Vec<_>>().join(", ");
    whole
        .find_subcommand(name)
        .cloned()
        .ok_or_else(|| io::Error::other(format!("there is no command {name}; commands are {}", names())))
}

/// The pages of a command and of those below it.
fn every(command: &Command, folder: &Path) -> io::Result<()> {
    for below in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        every(below, folder)?;
    }
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    fs::write(folder.join(format!("{name}.1")), page(command)?)
}

/// A page in the order that manual pages have. The examples and exit codes that follow the options in `--help` are laid
/// out for a terminal, and shown as they stand.
fn page(command: &Command) -> io::Result<String> {
    let mut page = Vec::new();
    let output = &mut page;
    let extra = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let man = clap_mangen::Man::new(command.clone().after_help(None::<&str>).after_long_help(None::<&str>));
    let man = man.source(concat!("syncookie ", env!("CARGO_PKG_VERSION"))).manual("User Commands");
    man.render_title(output)?;
    man.render_name_section(output)?;
    man.render_synopsis_section(output)?;
    man.render_description_section(output)?;
    man.render_options_section(output)?;
    if command.has_subcommands() {
        man.render_subcommands_section(output)?;
    }
    for part in extra.split("\n\n").filter(|part| !part.is_empty()) {
        let (title, body) = part.split_once(":\n").unwrap_or(("Notes", part));
        section(title, body, output)?;
    }
    // As every roff reads it, whatever it takes for the encoding of a file.
    let plain = |letter: char| match u32::from(letter) {
        code @ 0x80.. => format!("\\[u{code:04X}]"),
        _ => letter.to_string(),
    };
    Ok(String::from_utf8_lossy(&page).chars().map(plain).collect())
}

/// A section whose lines stay as they are.
fn section(title: &str, body: &str, output: &mut dyn Write) -> io::Result<()> {
    writeln!(output, ".SH {}\n.nf", title.to_uppercase())?;
    for line in body.lines() {
        // What begins with a point or an apostrophe is an order to roff, and a backslash begins an escape.
        let line = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
        let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        writeln!(output, "{guard}{line}")?;
    }
    writeln!(output, ".fi")
}
