//! Keeps a bug in the plugin from crashing Wireshark.

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(panic = "abort")]
compile_error!("the plugin must be built with panic = \"unwind\": otherwise a panic in it aborts Wireshark");

/// Runs the code of callbacks until some of it panics.
#[derive(Debug, Default)]
pub struct Guard {
    disabled: AtomicBool,
}

impl Guard {
    /// Creates a guard under which nothing has panicked.
    #[must_use]
    pub const fn new() -> Self {
        Self { disabled: AtomicBool::new(false) }
    }

    /// Returns the result of `work`, or `fallback` when it panics or anything panicked before.
    ///
    /// A panic that left a callback would abort Wireshark. After a panic, state may be half changed
    /// and cannot be trusted, so nothing runs any more.
    pub fn run<R>(&self, fallback: R, work: impl FnOnce() -> R) -> R {
        if self.disabled.load(Ordering::Relaxed) {
            return fallback;
        }
        panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            self.disabled.store(true, Ordering::Relaxed);
            fallback
        })
    }
}

/// Makes panics report themselves in one line. Affects only this plugin, which has its own copy of
/// Rust's standard library.
pub fn report_in_one_line() {
    // An error is ignored: a panic of the hook, as `eprintln!` has on a full device, would abort
    // Wireshark.
    panic::set_hook(Box::new(|panic| drop(writeln!(io::stderr(), "{}", message(panic)))));
}

fn message(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(|| "an unknown location".to_owned(), ToString::to_string);
    let what = panic.payload_as_str().unwrap_or("no message").replace('\n', " ");
    format!(
        "syncookie: internal error at {place}: {what}. The plugin is disabled until the program is restarted. Please \
         report this error."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_returns_the_fallback_and_nothing_runs_afterwards() {
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

    #[test]
    #[cfg(target_os = "linux")]
    fn a_panic_whose_report_cannot_be_written_does_not_abort() {
        use std::env;
        use std::fs::File;
        use std::process::Command;

        const AGAIN: &str = "SYNCOOKIE_TEST_PANICS";
        const SELF: &str = "guard::tests::a_panic_whose_report_cannot_be_written_does_not_abort";
        if env::var_os(AGAIN).is_some() {
            report_in_one_line();
            assert_eq!(Guard::new().run(1, || panic!("a bug")), 1);
            return;
        }
        let full = File::options().write(true).open("/dev/full").expect("Linux has it");
        let mut command = Command::new(env::current_exe().expect("it runs"));
        let output = command.args(["--exact", SELF, "--nocapture"]).env(AGAIN, "1").stderr(full).output();
        let output = output.expect("it can be started again");
        assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
    }
}
