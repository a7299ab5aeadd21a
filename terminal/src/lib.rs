//! Text for a terminal: untrusted names without control characters, numbers in digit groups,
//! paragraphs that fit the width, and colour only where it is wanted.
//!
//! ```
//! use syncookie_terminal::{count, escape_controls, grouped};
//!
//! assert_eq!(count(1234, "handshake"), "1,234 handshakes");
//! assert_eq!(grouped(65_536), "65,536");
//! assert_eq!(escape_controls("a\u{1b}[31m.pcap"), "a\\u{1b}[31m.pcap");
//! ```
#![forbid(unsafe_code)]

mod escape;
mod escape_sequences;
mod number;
mod screen;
mod style;
mod wrap;

pub use escape::{DELETE, escape_controls, escape_json_controls};
pub use escape_sequences::{Stream, understands_escapes};
pub use number::{count, grouped};
pub use screen::Screen;
pub use style::Terminal;
pub use wrap::{display_width, paragraph, paragraph_with_code, paragraph_with_command};
