//! The module `_syncookie`: what the Python package `syncookie` needs of the program.

use std::ffi::OsString;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use syncookie::bindings::{self, BindingError};

use columns::Columns;
use findings::Findings;
use observations::Observations;
use stored::{Described, files};
use stream::{Rows, batches};

mod columns;
mod findings;
mod observations;
mod stored;
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

/// Returns records for `judge`, with these arguments, about the captures of a series that was observed in
/// stretches. They are from the rows that show what is known at its end.
#[pyfunction]
fn wholes(py: Python<'_>, args: Vec<OsString>, observations: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let observations = batches(observations)?;
    py.detach(|| bindings::wholes(&args, observations)).map_err(exception)
}

/// Returns which of these files continue each other, by their indexes, and in the last group those with
/// a problem.
#[pyfunction]
fn series(py: Python<'_>, captures: Vec<Described>) -> Vec<Vec<usize>> {
    py.detach(|| bindings::series(&files(captures)))
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
    module.add_class::<Columns>()?;
    module.add_class::<Findings>()?;
    module.add_class::<Observations>()?;
    module.add_class::<Rows>()?;
    module.add_function(wrap_pyfunction!(observe, module)?)?;
    module.add_function(wrap_pyfunction!(series, module)?)?;
    module.add_function(wrap_pyfunction!(wholes, module)?)?;
    module.add_function(wrap_pyfunction!(run, module)?)
}
