//! Observations of a run that goes on in another thread, as a stream of Arrow batches.

use std::ffi::OsString;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use arrow_array::RecordBatch;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use syncookie::bindings::{self, BindingError};
use syncookie::observations::{RowSink, columns};

use crate::exception;
use crate::stored::{Described, files};
use crate::stream::{Rows, Stream, WAITING, locked};

/// Observations of a run of `observe`. They can be read once, as Arrow.
#[pyclass(module = "syncookie", frozen, extends = Rows)]
pub struct Observations {
    ended: Arc<Mutex<Option<Result<String, BindingError>>>>,
}

#[pymethods]
impl Observations {
    /// Starts a run with these arguments, which begin with the name of the command. Observes these
    /// files, if they are given, and not those that the arguments name.
    #[new]
    #[pyo3(signature = (args, captures = None))]
    fn new(args: Vec<OsString>, captures: Option<Vec<Described>>) -> PyResult<PyClassInitializer<Self>> {
        let captures = captures.map(files);
        let schema = columns().map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        let (sender, receiver) = sync_channel(WAITING);
        let ended = Arc::new(Mutex::new(None));
        let result = Arc::clone(&ended);
        thread::spawn(move || {
            let run = bindings::observe_to(&args, captures.as_deref(), Channel(&sender));
            *locked(&result) = Some(run);
            // The reader of the rows waits until the result is there.
            drop(sender);
        });
        Ok(Stream { schema, receiver }.rows_of(Self { ended }))
    }

    /// Returns the problems of captures as JSON. They are there once all rows were read.
    fn problems(&self) -> PyResult<String> {
        match &*locked(&self.ended) {
            Some(Ok(problems)) => Ok(problems.clone()),
            Some(Err(error)) => Err(exception(error.clone())),
            None => Err(PyRuntimeError::new_err("not all observations were read")),
        }
    }
}

/// Sends the rows of a run to their reader.
struct Channel<'a>(&'a SyncSender<RecordBatch>);

impl RowSink for Channel<'_> {
    fn rows(&mut self, rows: RecordBatch) -> io::Result<()> {
        let closed = |_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads the observations any more");
        self.0.send(rows).map_err(closed)
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}
