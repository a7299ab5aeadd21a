//! Manual pages and shell completions, generated from the definition of `--help`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::cli::{Cli, Completions, Manual};

/// Writes a manual page, or all pages.
pub fn manual(args: &Manual) -> io::Result<()> {
    match &args.output {
        Some(folder) => {
            fs::create_dir_all(folder)?;
            every(&command(), folder)
        }
        None => io::stdout().lock().write_all(page(&named(args.command.as_deref())?)?.as_bytes()),
    }
}

/// Writes a shell completion script.
pub fn completions(args: &Completions) -> io::Result<()> {
    let mut text = Vec::new();
    let mut command = command();
    clap_complete::generate(args.shell, &mut command, NAME, &mut text);
    let text = String::from_utf8_lossy(&text);
    let text = if args.shell == Shell::Bash { with_whole_words(&text, &command) } else { text.into_owned() };
    io::stdout().lock().write_all(text.as_bytes())
}

/// Function that calls the generated one.
const WHOLE_WORDS: &str = include_str!("completions.bash");

/// Adds the function that joins words to the generated script, and registers it instead.
fn with_whole_words(script: &str, command: &Command) -> String {
    let commands: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    let function = WHOLE_WORDS.replace("@COMMANDS@", &commands.join(" "));
    let (generated, registration) = script.split_at(script.rfind("\nif ").unwrap_or(script.len()));
    format!("{generated}{function}{}", registration.replace("-F _syncookie ", "-F _syncookie_words "))
}

const NAME: &str = env!("CARGO_PKG_NAME");

/// Returns the definition of the program, with all commands.
fn command() -> Command {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    command
}

/// Returns the definition of one command, or of the program.
fn named(name: Option<&str>) -> io::Result<Command> {
    let whole = command();
    let Some(name) = name else { return Ok(whole) };
    let names = || whole.get_subcommands().map(Command::get_name).collect::<Vec<_>>().join(", ");
    whole
        .find_subcommand(name)
        .cloned()
        .ok_or_else(|| io::Error::other(format!("there is no command {name}; the commands are {}", names())))
}

/// Writes the pages of a command and of its subcommands.
fn every(command: &Command, folder: &Path) -> io::Result<()> {
    for below in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        every(below, folder)?;
    }
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    fs::write(folder.join(format!("{name}.1")), page(command)?)
}

/// Returns a page with the usual order of sections. Examples and exit codes keep the layout that
/// they have in `--help`.
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
    // Escaped, because roff programs differ in the encoding that they expect.
    let plain = |letter: char| match u32::from(letter) {
        code @ 0x80.. => format!("\\[u{code:04X}]"),
        _ => letter.to_string(),
    };
    Ok(String::from_utf8_lossy(&page).chars().map(plain).collect())
}

/// Writes a section whose lines keep their layout.
fn section(title: &str, body: &str, output: &mut dyn Write) -> io::Result<()> {
    writeln!(output, ".SH {}\n.nf", title.to_uppercase())?;
    for line in body.lines() {
        // A line that begins with a point or an apostrophe is a roff request, and a backslash
        // begins an escape.
        let line = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
        let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        writeln!(output, "{guard}{line}")?;
    }
    writeln!(output, ".fi")
}
