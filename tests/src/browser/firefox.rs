//! A headless Firefox, driven over Marionette, the protocol below its WebDriver: JSON with its length in front, without
//! a driver program or a library.
//! <https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html>

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{PATIENCE, is_on_path};

/// Names under which distributions install Firefox.
const NAMES: [&str; 2] = ["firefox-esr", "firefox"];

/// Settings: a port that is free, no network of its own, and downloads without a question.
const SETTINGS: &str = r#"
user_pref("marionette.port", 0);
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
user_pref("app.update.disabledForTesting", true);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.enabled", false);
user_pref("browser.download.folderList", 2);
user_pref("browser.download.useDownloadDir", true);
user_pref("browser.download.alwaysOpenPanel", false);
"#;

/// File of a profile in which Firefox writes the port.
const PORT_FILE: &str = "MarionetteActivePort";

/// A browser with one page.
#[derive(Debug)]
pub struct Firefox {
    process: Child,
    connection: TcpStream,
    sent: u64,
    downloads: PathBuf,
    _profile: TempDir,
}

impl Firefox {
    /// Starts a browser that saves downloads in a folder. Returns `None`, with a message on standard error, where none is
    /// installed.
    ///
    /// # Panics
    /// When a browser is installed and does not start.
    #[must_use]
    pub fn start(downloads: &Path) -> Option<Self> {
        let Some(name) = NAMES.into_iter().find(|name| is_on_path(name)) else {
            eprintln!("SKIPPED: no Firefox here (Debian: apt-get install firefox-esr); nothing was tried in it");
            return None;
        };
        let profile = TempDir::new().expect("a temporary folder can be made");
        let folder = format!("user_pref(\"browser.download.dir\", {:?});\n", downloads.display().to_string());
        fs::write(profile.path().join("user.js"), format!("{SETTINGS}{folder}")).expect("a file can be written");
        let process = Command::new(name)
            .args(["--headless", "--marionette", "--no-remote", "--profile"])
            .arg(profile.path())
            // Somebody else's home folder is refused.
            .env("HOME", profile.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Firefox can be started");
        let connection = connect(profile.path());
        let mut browser = Self { process, connection, sent: 0, downloads: downloads.to_owned(), _profile: profile };
        browser.message();
        browser.call("WebDriver:NewSession", &json!({}));
        Some(browser)
    }

    /// Sends a command and returns its result.
    ///
    /// # Panics
    /// When the browser refuses it, or does not answer.
    pub fn call(&mut self, command: &str, parameters: &Value) -> Value {
        self.sent += 1;
        let message = json!([0, self.sent, command, parameters]).to_string();
        write!(self.connection, "{}:{message}", message.len()).expect("the browser listens");
        let answer = self.message();
        assert!(answer[1] == self.sent && answer[2].is_null(), "{command}: {answer}");
        answer[3].clone()
    }

    fn message(&mut self) -> Value {
        let mut length = String::new();
        loop {
            let mut byte = [0];
            self.connection.read_exact(&mut byte).expect("the browser answers in time");
            match byte[0] {
                b':' => break,
                digit => length.push(char::from(digit)),
            }
        }
        let mut message = vec![0; length.parse().expect("a message begins with its length")];
        self.connection.read_exact(&mut message).expect("the browser sends all of a message");
        serde_json::from_slice(&message).expect("messages are JSON")
    }

    /// Opens a file and waits until the page says that it is ready.
    pub fn open(&mut self, page: &Path) {
        self.call("WebDriver:Navigate", &json!({"url": format!("file://{}", page.display())}));
        self.wait_for("document.documentElement.dataset.ready === 'true'");
    }

    /// Returns the value of an expression in the page.
    pub fn eval(&mut self, expression: &str) -> Value {
        let script = json!({"script": format!("return {expression}"), "args": []});
        self.call("WebDriver:ExecuteScript", &script)["value"].clone()
    }

    /// Waits until an expression is true.
    ///
    /// # Panics
    /// When the expression is not true in time.
    pub fn wait_for(&mut self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.eval(expression) != true {
            assert!(Instant::now() < deadline, "never: {expression}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Chooses files for an input element.
    pub fn choose(&mut self, selector: &str, files: &[PathBuf]) {
        let paths: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let id = self.element(selector);
        self.call("WebDriver:ElementSendKeys", &json!({"id": id, "text": paths.join("\n")}));
    }

    /// Clicks on an element.
    pub fn click(&mut self, selector: &str) {
        let id = self.element(selector);
        self.call("WebDriver:ElementClick", &json!({"id": id}));
    }

    /// Clicks on what starts a download and returns the file that is saved.
    ///
    /// # Panics
    /// When nothing is saved under this name in time.
    pub fn download(&mut self, selector: &str, name: &str) -> Vec<u8> {
        self.click(selector);
        let (file, part) = (self.downloads.join(name), self.downloads.join(format!("{name}.part")));
        let deadline = Instant::now() + PATIENCE;
        // An empty file holds the name while the other is written.
        while part.exists() || fs::metadata(&file).map_or(0, |saved| saved.len()) == 0 {
            assert!(Instant::now() < deadline, "{name} was not saved");
            std::thread::sleep(Duration::from_millis(30));
        }
        fs::read(file).expect("the download can be read")
    }

    fn element(&mut self, selector: &str) -> Value {
        let found = self.call("WebDriver:FindElement", &json!({"using": "css selector", "value": selector}));
        found["value"].as_object().and_then(|element| element.values().next()).expect("there is the element").clone()
    }
}

impl Drop for Firefox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Connects to the port that Firefox has written into its profile.
fn connect(profile: &Path) -> TcpStream {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let port = fs::read_to_string(profile.join(PORT_FILE)).ok().and_then(|port| port.trim().parse::<u16>().ok());
        if let Some(connection) = port.and_then(|port| TcpStream::connect(("127.0.0.1", port)).ok()) {
            connection.set_read_timeout(Some(PATIENCE)).expect("the time is not zero");
            return connection;
        }
        assert!(Instant::now() < deadline, "Firefox does not start");
        std::thread::sleep(Duration::from_millis(100));
    }
}
