//! Findings of a run that goes on in another thread, as a stream of Arrow batches.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::sync::mpsc::{SendError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use syncookie::BatchSink;
use syncookie::bindings::{self, BindingError};

use crate::exception;
use crate::stream::{Rows, Stream, WAITING, batches, locked};

/// Result of a run: JSON objects by their names, or the reason why there is none.
type Ended = Result<HashMap<&'static str, String>, BindingError>;

/// Findings of a run of `analyze` or `judge`. The rows can be read once, as Arrow.
#[pyclass(module = "syncookie", frozen, extends = Rows)]
pub struct Findings {
    ended: Arc<Mutex<Option<Ended>>>,
}

#[pymethods]
impl Findings {
    /// Starts a run with these arguments, which begin with the name of the command. `judge` takes
    /// observations as any object with batches of them.
    #[new]
    #[pyo3(signature = (args, observations = None))]
    fn new(
        py: Python<'_>,
        args: Vec<OsString>,
        observations: Option<Bound<'_, PyAny>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let observations = observations.as_ref().map(batches).transpose()?;
        let ((schemas, schema), (sender, receiver)) = (sync_channel(1), sync_channel(WAITING));
        let ended = Arc::new(Mutex::new(None));
        let result = Arc::clone(&ended);
        thread::spawn(move || {
            let mut objects = HashMap::new();
            let sink = Channel { schemas, sender: &sender, objects: &mut objects };
            let run = bindings::findings(&args, observations, sink);
            *locked(&result) = Some(run.map(|()| objects));
            // The reader of the rows waits until the result is there.
            drop(sender);
        });
        let findings = Self { ended };
        match py.detach(move || schema.recv()) {
            Ok(schema) => Ok(Stream { schema, receiver }.rows_of(findings)),
            Err(_) => {
                // The run failed, and its result follows.
                py.detach(move || receiver.recv()).ok();
                Err(findings.objects().err().unwrap_or_else(|| PyRuntimeError::new_err("the run sent no columns")))
            }
        }
    }

    /// Returns the objects about the whole run, as JSON. They are there once all rows were read.
    fn objects(&self) -> PyResult<HashMap<&'static str, String>> {
        match &*locked(&self.ended) {
            Some(Ok(objects)) => Ok(objects.clone()),
            Some(Err(error)) => Err(exception(error.clone())),
            None => Err(PyRuntimeError::new_err("not all findings were read")),
        }
    }
}

/// Sends the rows of a run to their reader.
struct Channel<'a> {
    schemas: SyncSender<SchemaRef>,
    sender: &'a SyncSender<RecordBatch>,
    objects: &'a mut HashMap<&'static str, String>,
}

fn closed<T>(_: SendError<T>) -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads the findings any more")
}

impl BatchSink for Channel<'_> {
    fn begin(&mut self, schema: SchemaRef) -> io::Result<()> {
        self.schemas.send(schema).map_err(closed)
    }

    fn rows(&mut self, rows: RecordBatch) -> io::Result<()> {
        self.sender.send(rows).map_err(closed)
    }

    fn end(&mut self, objects: [(&'static str, String); 5]) -> io::Result<()> {
        self.objects.extend(objects);
        Ok(())
    }
}
