//! The formats that results are written in.

use clap::ValueEnum;

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, on one screen
    Table,
    /// For people: one page with charts, for a browser; needs no network
    Html,
    /// One line
    Summary,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// One row for each handshake, for spreadsheets
    Csv,
    /// One row for each handshake, for DuckDB, Spark and pandas
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Format {
    /// Whether it would make a mess of a terminal.
    #[must_use]
    pub fn is_binary(self) -> bool {
        match self {
            #[cfg(feature = "parquet")]
            Self::Parquet => true,
            _ => false,
        }
    }
}
