//! Files of observations: what judging needs of the handshakes of captures, as Parquet.
//!
//! The rows are the events of the pipeline, in their order. The row of a handshake has the fields of
//! its observation in columns. Every other row has a [`Record`] as JSON. docs/scale.md describes the
//! file.

mod columns;
mod guard;
mod judge;
mod reader;
mod record;
mod writer;

pub use judge::{JudgeError, judge};
pub use writer::Writer;

pub use reader::ReadError;
use reader::{Reader, Row};
use record::{Head, Record};

/// Version of the columns and of the records. Raised when one changes its meaning or goes away.
const VERSION: u32 = 1;

/// Column with the kind of a row.
const KIND: &str = "kind";

/// Column with the record of a row that is no handshake.
const RECORD: &str = "record";

/// Kind of the row of a handshake.
const HANDSHAKE: &str = "handshake";
