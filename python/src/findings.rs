//! Findings of a run that goes on in another thread, as a stream of Arrow batches.

use std::collections::HashMap;
use std::ffi::{CStr, OsString};
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use arrow_array::RecordBatch;
use arrow_array::RecordBatchReader;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_schema::{ArrowError, SchemaRef};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use syncookie::BatchSink;
use syncookie::bindings::{self, BindingError};

use crate::exception;

/// Name of a capsule with a stream, see the PyCapsule interface of Arrow.
const STREAM: &CStr = c"arrow_array_stream";

/// Maximum number of batches that wait to be read. The run waits when there are more.
const WAITING: usize = 4;

/// What a run sends.
enum Message {
    Begin(SchemaRef),
    Rows(RecordBatch),
}

/// Result of a run: JSON objects by their names, or the reason why there is none.
type Ended = Result<HashMap<&'static str, String>, BindingError>;

/// Findings of a run of `analyze` or `judge`. The rows can be read once, as Arrow.
#[pyclass(module = "syncookie", frozen)]
pub struct Findings {
    stream: Mutex<Option<Stream>>,
    ended: Arc<Mutex<Option<Ended>>>,
}

#[pymethods]
impl Findings {
    /// Starts a run with these arguments, which begin with the name of the command.
    #[new]
    fn new(py: Python<'_>, args: Vec<OsString>) -> PyResult<Self> {
        let (sender, receiver) = sync_channel(WAITING);
        let ended = Arc::new(Mutex::new(None));
        let result = Arc::clone(&ended);
        thread::spawn(move || {
            let mut objects = HashMap::new();
            let run = bindings::findings(&args, Channel { sender: &sender, objects: &mut objects });
            *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(run.map(|()| objects));
            // The reader of the rows waits until the result is there.
            drop(sender);
        });
        let findings = Self { stream: Mutex::new(None), ended };
        let (first, receiver) = py.detach(move || (receiver.recv(), receiver));
        match first {
            Ok(Message::Begin(schema)) => {
                *findings.stream.lock().unwrap_or_else(PoisonError::into_inner) = Some(Stream { schema, receiver });
                Ok(findings)
            }
            _ => Err(findings.objects().err().unwrap_or_else(|| PyRuntimeError::new_err("the run sent no columns"))),
        }
    }

    /// Returns the rows, for any library that reads Arrow.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // Whoever asks for other columns casts them.
        let _ = requested_schema;
        let stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        let stream = stream.ok_or_else(|| PyRuntimeError::new_err("the findings were already read"))?;
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(stream)), STREAM)
    }

    /// Returns the objects about the whole run, as JSON. They are there once all rows were read.
    fn objects(&self) -> PyResult<HashMap<&'static str, String>> {
        match &*self.ended.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Ok(objects)) => Ok(objects.clone()),
            Some(Err(error)) => Err(exception(error.clone())),
            None => Err(PyRuntimeError::new_err("not all findings were read")),
        }
    }
}

/// Sends the rows of a run to their reader.
struct Channel<'a> {
    sender: &'a SyncSender<Message>,
    objects: &'a mut HashMap<&'static str, String>,
}

impl Channel<'_> {
    fn send(&self, message: Message) -> io::Result<()> {
        let closed = |_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads the findings any more");
        self.sender.send(message).map_err(closed)
    }
}

impl BatchSink for Channel<'_> {
    fn begin(&mut self, schema: SchemaRef) -> io::Result<()> {
        self.send(Message::Begin(schema))
    }

    fn rows(&mut self, rows: RecordBatch) -> io::Result<()> {
        self.send(Message::Rows(rows))
    }

    fn end(&mut self, objects: [(&'static str, String); 5]) -> io::Result<()> {
        self.objects.extend(objects);
        Ok(())
    }
}

/// Rows that a run sends.
struct Stream {
    schema: SchemaRef,
    receiver: Receiver<Message>,
}

impl Iterator for Stream {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.receiver.recv().ok()? {
                Message::Rows(rows) => return Some(Ok(rows)),
                Message::Begin(_) => {}
            }
        }
    }
}

impl RecordBatchReader for Stream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
