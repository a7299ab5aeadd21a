//! Where a report is shown: as a file, or in the page that analyses captures.

use std::path::{Path, PathBuf};
use std::process::Command;

use syncookie_tests::analyze::run;
use syncookie_tests::browser::Browser;
use syncookie_tests::programs::programs;
use tempfile::TempDir;

use crate::page;

/// Makes two tests of each function: on a report that is a file, and on one that the page shows.
macro_rules! in_both_places {
    ($($name:ident),+ $(,)?) => {
        mod in_a_file {
            $(#[test] fn $name() { super::$name($crate::place::Place::File); })+
        }
        mod in_the_page {
            $(#[test] fn $name() { super::$name($crate::place::Place::Page); })+
        }
    };
}
pub(crate) use in_both_places;

/// Where a report is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    File,
    Page,
}

/// Makes reports that a browser can show.
pub(crate) struct Reporter {
    /// The page, in a folder of its own.
    page: Option<(TempDir, PathBuf)>,
}

/// A report that a browser can show.
pub(crate) struct Report {
    /// The file to open, and the folder that holds it.
    file: (Option<TempDir>, PathBuf),
    /// What is dropped on it, if it is the page.
    dropped: Option<PathBuf>,
}

impl Place {
    /// Starts a browser; `None`, with a message, where there is none, or no page.
    pub(crate) fn start(self) -> Option<(Browser, Reporter)> {
        let page = match self {
            Self::File => None,
            Self::Page => Some(page::page()?),
        };
        Some((Browser::start()?, Reporter { page }))
    }
}

impl Reporter {
    /// Returns a report on captures.
    pub(crate) fn report(&self, captures: &Path) -> Report {
        match &self.page {
            None => Report { file: written(captures), dropped: None },
            Some((_, page)) => Report { file: (None, page.clone()), dropped: Some(captures.to_owned()) },
        }
    }
}

impl Report {
    /// Opens the report. What follows is for its document.
    pub(crate) fn open(&self, browser: &mut Browser) {
        browser.open(self.path());
        if let Some(captures) = &self.dropped {
            browser.drop_files(std::slice::from_ref(captures), (150, 200));
            page::wait_for_report(browser, 1);
            browser.enter("#report");
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.file.1
    }
}

fn written(captures: &Path) -> (Option<TempDir>, PathBuf) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let page = folder.path().join("report.html");
    let mut command = Command::new(&programs().syncookie);
    let done = run(command.arg("analyze").arg(captures).args(["--format", "html", "-o"]).arg(&page));
    assert!(done.survived() && page.is_file(), "{}", done.stderr);
    (Some(folder), page)
}
