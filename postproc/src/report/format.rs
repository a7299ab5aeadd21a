//! The formats that results are written in.

use clap::ValueEnum;

/// Format of results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table of at most about 60 lines, the most important first
    #[default]
    Table,
    /// One page with charts, for a browser; needs no network
    Html,
    /// One line
    Summary,
    /// One JSON document
    Json,
    /// One JSON object per line
    #[value(alias = "ndjson")]
    Jsonl,
    /// One event per handshake, each on its own line, in the Elastic Common Schema
    Ecs,
    /// One tab-separated line per handshake, with the header of Zeek's logs
    Zeek,
    /// One row per handshake, for spreadsheets
    Csv,
    /// One row per handshake, for DuckDB, Spark and pandas
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Format {
    /// Returns whether the format is binary, so that it does not belong on a terminal.
    #[must_use]
    pub fn is_binary(self) -> bool {
        match self {
            #[cfg(feature = "parquet")]
            Self::Parquet => true,
            _ => false,
        }
    }
}
