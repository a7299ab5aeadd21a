//! A headless Chromium, driven over its debugging pipe (Chrome DevTools Protocol) without a driver
//! program, a port or a library. All messages and requests of a page are recorded.

mod cost;
pub mod firefox;
mod interaction;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Longest wait for anything; a busy machine starts a browser slowly.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Names under which distributions install Chromium.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Flags that turn off background work and the network, so that only the page itself is observed.
const FLAGS: [&str; 13] = [
    "--headless",
    "--no-sandbox", // root needs it, and the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
];

/// A browser with one page.
#[derive(Debug)]
pub struct Browser {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    session: Option<String>,
    /// Where expressions are evaluated, if it is not the page itself.
    frame: Option<Value>,
    sent: u64,
    heard: Vec<Value>,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser. Returns `None`, with a message on standard error, where none is installed.
    ///
    /// # Panics
    /// When a browser is installed and does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let Some(name) = NAMES.into_iter().find(|name| is_on_path(name)) else {
            eprintln!("SKIPPED: no Chromium here (Debian: apt-get install chromium); nothing was tried in a browser");
            return None;
        };
        let profile = TempDir::new().expect("a temporary folder can be made");
        // It reads from descriptor 3 and writes to 4.
        let mut process = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", name])
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell can be started");
        let input = process.stdin.take().expect("it is piped");
        let output = BufReader::new(process.stdout.take().expect("it is piped"));
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            // Messages end with a zero byte; the thread ends with the browser, or with who listens.
            for message in output.split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else { continue };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut browser = Self {
            process,
            input,
            messages,
            session: None,
            frame: None,
            sent: 0,
            heard: Vec::new(),
            _profile: profile,
        };
        browser.attach();
        Some(browser)
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let attached = self.call("Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network", "Performance"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Sends a command of the protocol and returns its result.
    ///
    /// # Panics
    /// When the browser refuses it, or does not answer.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        write!(self.input, "{message}\0").and_then(|()| self.input.flush()).expect("the browser listens");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let message =
                self.messages.recv_timeout(left).unwrap_or_else(|error| panic!("no answer to {method}: {error}"));
            if message["id"] == self.sent {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.heard.push(message);
        }
    }

    /// Opens a file and waits until the page says that it is ready.
    ///
    /// # Panics
    /// When the page is not ready in time.
    pub fn open(&mut self, page: &Path) {
        let path: String = page.display().to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
        let before = self.heard.len();
        self.frame = None;
        self.call("Page.navigate", json!({"url": format!("file://{}", path.replace("%2F", "/"))}));
        self.wait_for_message(before, |message| message["method"] == "Page.loadEventFired");
        self.wait_for("document.documentElement.dataset.ready === 'true'");
    }

    /// Waits for a message among those that came after the first `before`.
    fn wait_for_message(&mut self, before: usize, wanted: impl Fn(&Value) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !self.heard[before..].iter().any(&wanted) {
            let left = deadline.saturating_duration_since(Instant::now());
            self.heard.push(self.messages.recv_timeout(left).expect("the message comes in time"));
        }
    }

    /// Waits until an expression is true.
    ///
    /// # Panics
    /// When the expression is not true in time.
    pub fn wait_for(&mut self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.eval(expression) != true {
            assert!(Instant::now() < deadline, "never: {expression}; complaints: {:#?}", self.complaints());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Enters the document of a frame: the selectors and expressions that follow are for it, until
    /// a page is opened.
    ///
    /// # Panics
    /// When there is no such frame.
    pub fn enter(&mut self, selector: &str) {
        let node = self.node(selector);
        let frame = self.call("DOM.describeNode", json!({"nodeId": node}))["node"]["frameId"].clone();
        let created = self.heard.iter().rev().filter(|message| message["method"] == "Runtime.executionContextCreated");
        let mut contexts = created.map(|message| &message["params"]["context"]);
        let is_of_frame = |context: &&Value| {
            let about = &context["auxData"];
            about["frameId"] == frame && about["isDefault"] == true
        };
        // The latest: the frame had another document before.
        self.frame = Some(contexts.find(is_of_frame).expect("a frame has a document")["id"].clone());
    }

    /// Returns the value of an expression in the page, or in the frame that was entered.
    ///
    /// # Panics
    /// When the expression throws.
    pub fn eval(&mut self, expression: &str) -> Value {
        let mut asked =
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true});
        if let Some(frame) = &self.frame {
            asked["contextId"] = frame.clone();
        }
        let result = self.call("Runtime.evaluate", asked);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {}", result["exceptionDetails"]);
        result["result"]["value"].clone()
    }

    /// Returns the CPU time in seconds that the page's process has used. Unlike times of the clock, it
    /// hardly depends on what else the machine does.
    ///
    /// # Panics
    /// When the browser does not measure it.
    pub fn processor_time(&mut self) -> f64 {
        let metrics = self.call("Performance.getMetrics", json!({}));
        let mut metrics = metrics["metrics"].as_array().into_iter().flatten();
        let time = metrics.find(|metric| metric["name"] == "ProcessTime");
        time.and_then(|time| time["value"].as_f64()).expect("Chromium measures it")
    }

    /// Returns the page's complaints: errors on the console, exceptions, violations of its policy.
    pub fn complaints(&mut self) -> Vec<Value> {
        let is_complaint = |message: &&Value| match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => message["params"]["type"] != "log",
            Some("Log.entryAdded") => message["params"]["entry"]["level"] != "verbose",
            _ => false,
        };
        self.heard.iter().filter(is_complaint).cloned().collect()
    }

    /// Returns the URLs that the page requested, without its own, and those of what it made itself
    /// (`data:`, `blob:`).
    pub fn requests(&mut self) -> Vec<String> {
        let sent = self.heard.iter().filter(|message| message["method"] == "Network.requestWillBeSent");
        let other = sent.filter(|message| message["params"]["type"] != "Document");
        let urls = other.filter_map(|message| message["params"]["request"]["url"].as_str());
        urls.filter(|url| !url.starts_with("data:") && !url.starts_with("blob:")).map(str::to_owned).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.session = None;
        let closed = write!(self.input, "{}\0", json!({"id": 0, "method": "Browser.close"}));
        let _ = closed.and_then(|()| self.input.flush());
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn is_on_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}
