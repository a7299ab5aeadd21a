//! Keeps a bug in here from taking Wireshark down.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs code that Wireshark called, until some of it panics.
#[derive(Debug, Default)]
pub struct Guard {
    off: AtomicBool,
}

impl Guard {
    /// A guard under which nothing has panicked.
    #[must_use]
    pub const fn new() -> Self {
        Self { off: AtomicBool::new(false) }
    }

    /// The result of `work`, or `otherwise` when it panics or anything panicked before.
    ///
    /// A panic that left a callback would abort Wireshark, and state that a panic left behind half changed could not
    /// be trusted afterwards: hence nothing runs any more.
    pub fn run<R>(&self, otherwise: R, work: impl FnOnce() -> R) -> R {
        if self.off.load(Ordering::Relaxed) {
            return otherwise;
        }
        panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            self.off.store(true, Ordering::Relaxed);
            otherwise
        })
    }
}

/// Has a panic reported in one line. Affects this plugin alone: it brings its own copy of Rust's standard library.
pub fn report_in_one_line() {
    panic::set_hook(Box::new(|panic| eprintln!("{}", line(panic))));
}

fn line(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let what = panic.payload_as_str().unwrap_or("no message").replace('\n', " ");
    format!("syncookie: internal error at {place}: {what}; the plugin is off until the program is started again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_gives_the_other_value_and_nothing_runs_afterwards() {
        let guard = Guard::new();
        assert_eq!(guard.run(0, || 1), 1);
        assert_eq!(guard.run(0, || panic!("a bug")), 0);
        let mut ran = false;
        assert_eq!(
            guard.run(0, || {
                ran = true;
                1
            }),
            0
        );
        assert!(!ran);
    }
}
