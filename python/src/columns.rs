//! Columns of the rows that runs pass on.

use std::ffi::CStr;
use std::io;

use arrow_array::ffi::FFI_ArrowSchema;
use arrow_schema::SchemaRef;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use syncookie::bindings::finding_columns;
use syncookie::observations::columns;

/// Name of a capsule with columns, see the PyCapsule interface of Arrow.
const SCHEMA: &CStr = c"arrow_schema";

/// Columns of rows, for any library that reads Arrow.
#[pyclass(module = "syncookie", frozen)]
pub struct Columns(SchemaRef);

#[pymethods]
impl Columns {
    /// Returns the columns of observations.
    #[staticmethod]
    fn of_observations() -> PyResult<Self> {
        Self::of(columns())
    }

    /// Returns the columns of handshakes that were judged.
    #[staticmethod]
    fn of_findings() -> PyResult<Self> {
        Self::of(finding_columns())
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(&*self.0).map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        PyCapsule::new_with_value(py, schema, SCHEMA)
    }
}

impl Columns {
    fn of(columns: io::Result<SchemaRef>) -> PyResult<Self> {
        columns.map(Self).map_err(|error| PyRuntimeError::new_err(error.to_string()))
    }
}
