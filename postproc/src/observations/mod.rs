//! Files of observations: what judging needs of the handshakes of captures, as Parquet.
//!
//! The rows are the events of the pipeline, in their order. The row of a handshake has its ends and
//! its time in columns, and everything else in one more, as bytes. Every other row has a record as
//! JSON. docs/scale.md describes the file.

mod bounds;
mod columns;
#[cfg(test)]
mod document;
mod file;
mod guard;
mod joined;
mod judge;
mod observing;
mod packed;
mod reader;
mod record;
mod rows;
mod wholes;
mod writer;

pub use file::{ObservationFile, RowSink, columns};
pub use judge::{JudgeError, judge, judge_rows};
pub use observing::{observe, observe_stretch};
pub use wholes::wholes;
pub use writer::{Observed, Writer};

use reader::Row;
pub use reader::{ReadError, Reader};
use record::{Head, Record};

/// Version of the columns, the records and the fields of observations. Raised when one of them
/// changes.
const VERSION: u32 = 3;

/// Column with the record of a row that is no handshake.
const RECORD: &str = "record";

/// Columns of the row of a handshake: its ends, its time, and the fields of its observation.
const CLIENT_IP: &str = "client_ip";
const CLIENT_PORT: &str = "client_port";
const SERVER_IP: &str = "server_ip";
const SERVER_PORT: &str = "server_port";
const TIME: &str = "time";
const FACTS: &str = "facts";
