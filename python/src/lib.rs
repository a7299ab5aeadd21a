//! The module `_syncookie`: what the Python package `syncookie` needs of the program.

use std::ffi::OsString;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use syncookie::bindings::{self, BindingError};

use findings::Findings;
use observations::Observations;

mod findings;
mod observations;
mod stream;

/// Runs the program on these arguments, beginning with its name, and returns its exit code.
#[pyfunction]
fn run(py: Python<'_>, args: Vec<OsString>) -> u8 {
    py.detach(|| syncookie::run_with(args, false))
}

/// Runs `observe` with these arguments, and returns the problems of captures as JSON.
#[pyfunction]
fn observe(py: Python<'_>, args: Vec<OsString>) -> PyResult<String> {
    py.detach(|| bindings::observe(&args)).map_err(exception)
}

/// Returns the Python exception for an error.
fn exception(error: BindingError) -> PyErr {
    match error {
        BindingError::Usage(text) => PyValueError::new_err(text),
        BindingError::Failed(text) => PyRuntimeError::new_err(text),
    }
}

/// Functions that the package calls.
#[pymodule]
fn _syncookie(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<Findings>()?;
    module.add_class::<Observations>()?;
    module.add_function(wrap_pyfunction!(observe, module)?)?;
    module.add_function(wrap_pyfunction!(run, module)?)
}
