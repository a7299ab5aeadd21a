//! Rows that a run in another thread sends, as a stream of Arrow.

use std::ffi::CStr;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use pyo3::PyClass;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use syncookie::bindings::Batches;

/// Name of a capsule with a stream, see the PyCapsule interface of Arrow.
const STREAM: &CStr = c"arrow_array_stream";

/// Maximum number of batches that wait to be read. The run waits when there are more.
pub const WAITING: usize = 4;

/// Rows that a run sends.
pub struct Stream {
    pub schema: SchemaRef,
    pub receiver: Receiver<RecordBatch>,
}

/// Rows of a run, which can be read once, as Arrow.
#[pyclass(module = "syncookie", frozen, subclass)]
pub struct Rows(Mutex<Option<Stream>>);

impl Stream {
    /// Makes these the rows of a run.
    pub fn rows_of<T: PyClass<BaseType = Rows>>(self, run: T) -> PyClassInitializer<T> {
        PyClassInitializer::from(Rows(Mutex::new(Some(self)))).add_subclass(run)
    }
}

#[pymethods]
impl Rows {
    /// Returns the rows, for any library that reads Arrow.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // Whoever asks for other columns casts them.
        let _ = requested_schema;
        let stream = locked(&self.0).take().ok_or_else(|| PyRuntimeError::new_err("the rows were already read"))?;
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(stream)), STREAM)
    }
}

impl Iterator for Stream {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.receiver.recv().ok().map(Ok)
    }
}

impl RecordBatchReader for Stream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// Returns the batches of an object that any library exports as Arrow. They are read by the thread
/// that asks for them.
pub fn batches(exporter: &Bound<'_, PyAny>) -> PyResult<Batches> {
    let capsule = exporter.call_method0("__arrow_c_stream__")?;
    let capsule = capsule.cast::<PyCapsule>()?;
    let stream = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: A capsule of this name has a stream of this layout, which belongs to its receiver: what
    // is left in the capsule is a stream that was released. The capsule lives until the stream was
    // taken out of it, and no other thread takes it, because this one is attached to Python.
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(stream.as_ptr()) };
    match RecordBatchStreamReader::try_new(stream) {
        Ok(reader) => Ok(Box::new(reader)),
        Err(error) => Err(PyTypeError::new_err(error.to_string())),
    }
}

/// Returns the value of a mutex, whether or not another thread panicked.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
