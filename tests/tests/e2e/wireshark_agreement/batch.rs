//! What the command-line tool reports of a handshake, in the words that the plugin must show.

use serde_json::Value;

/// A handshake of the command-line tool.
pub struct Handshake<'a>(pub &'a Value);

impl Handshake<'_> {
    /// Returns the text of a column of the packet list, for the frame that carries the finding.
    pub fn text(&self, column: &str) -> String {
        match column {
            "frame.number" => self.carrier().map_or_else(String::new, |frame| frame.to_string()),
            "syncookie.syn_ack_frame" => plain(&self.0["frames"]["syn_ack"]),
            "syncookie.syn_frame" => plain(&self.0["frames"]["syn"]),
            "syncookie.reset_frame" => plain(&self.0["frames"]["reset"]),
            "syncookie.verdict" => plain(&self.0["verdict"]),
            "syncookie.confidence" => plain(&self.0["confidence"]),
            "syncookie.confidence.level" => self.level().map_or_else(String::new, |level| level.to_string()),
            "syncookie.outcome" => plain(&self.0["outcome"]),
            "syncookie.cause" => self.cause(),
            "syncookie.cause.other" => self.causes(false).get(1..).unwrap_or_default().join(","),
            "syncookie.cause.excluded" => self.causes(true).join(","),
            "syncookie.evidence.kind" => self.supporting_evidence(),
            "syncookie.client.port" => plain(&self.0["client"]["port"]),
            "syncookie.server.port" => plain(&self.0["server"]["port"]),
            other => panic!("{other} is not compared"),
        }
    }

    /// Returns the number of a frame: `syn`, `syn_ack`, `ack` or `reset`.
    pub fn frame(&self, which: &str) -> Option<u32> {
        self.0["frames"][which].as_u64().and_then(|frame| u32::try_from(frame).ok())
    }

    /// Returns the frame that carries the finding.
    pub fn carrier(&self) -> Option<u32> {
        self.frame("syn_ack").or_else(|| self.frame("syn"))
    }

    /// Returns the first cause, unless it is ruled out.
    pub fn cause(&self) -> String {
        self.causes(false).into_iter().next().unwrap_or_default()
    }

    /// Returns what the packet list writes before the Info column of a frame.
    pub fn mark(&self, frame: u32) -> Option<String> {
        let name = self.cookie_or_proxy()?;
        if self.frame("syn_ack") == Some(frame) {
            return Some(format!("[{name}, {}]", self.text("syncookie.confidence")));
        }
        self.is_reset_after_it(frame).then(|| format!("[reset after {name}]"))
    }

    /// Returns the severity and the message of the expert item about who answered.
    pub fn verdict_expert(&self) -> Option<(&'static str, &'static str)> {
        self.frame("syn_ack")?;
        let severity = if self.level() == Some(1) { "Notes" } else { "Warns" };
        match self.0["verdict"].as_str()? {
            "syn-cookie" => Some((severity, "Answered with a SYN cookie")),
            "syn-proxy" => Some((severity, "Answered by a SYN proxy")),
            "undetermined" => Some(("Chats", "It is undetermined who answered this SYN")),
            _ => None,
        }
    }

    /// Returns the message of the expert item of a reset.
    pub fn reset_expert(&self) -> Option<&'static str> {
        let name = self.cookie_or_proxy()?;
        let message = match name {
            "SYN cookie" => "Reset right after a handshake answered with a SYN cookie",
            _ => "Reset right after a handshake answered by a SYN proxy",
        };
        self.is_reset_after_it(self.frame("reset")?).then_some(message)
    }

    /// Returns how the expert item of a failure or delay begins; `None` for a handshake without
    /// either.
    pub fn failure(&self) -> Option<&'static str> {
        let (outcome, cause) = (self.text("syncookie.outcome"), self.cause());
        let may_work = ["established", "incomplete"].contains(&outcome.as_str());
        match (outcome.as_str(), cause.as_str()) {
            (_, "health-check") => None,
            (_, "") if may_work => None,
            ("established", "served-nothing" | "injected-reset") => Some("Connection failed: "),
            _ if may_work && self.0["failed"] == true => Some("Connection stuck: "),
            _ if may_work => Some("Handshake delayed: "),
            _ => Some("Handshake failed: "),
        }
    }

    /// Returns the second of its first frame in its month.
    pub fn second(&self) -> i64 {
        let time = self.0["time"].as_str().unwrap_or_default();
        let number =
            |from: usize| time.get(from..from + 2).and_then(|digits| digits.parse::<i64>().ok()).unwrap_or_default();
        ((number(8) * 24 + number(11)) * 60 + number(14)) * 60 + number(17)
    }

    /// Returns the number of its SYNs.
    pub fn syns(&self) -> u64 {
        self.0["syns"].as_u64().unwrap_or_default()
    }

    /// Returns `SYN cookie` or `SYN proxy` if one answered.
    fn cookie_or_proxy(&self) -> Option<&'static str> {
        match self.0["verdict"].as_str()? {
            "syn-cookie" => Some("SYN cookie"),
            "syn-proxy" => Some("SYN proxy"),
            _ => None,
        }
    }

    /// Returns whether a frame is the reset that ended it: the server's, or that of a client that
    /// had completed it.
    fn is_reset_after_it(&self, frame: u32) -> bool {
        let ended = match self.0["outcome"].as_str() {
            Some("reset-by-server") => true,
            Some("reset-by-client") => self.frame("ack").is_some(),
            _ => false,
        };
        ended && self.frame("reset") == Some(frame)
    }

    fn level(&self) -> Option<usize> {
        let levels = ["possible", "likely", "certain"];
        levels.iter().position(|word| self.0["confidence"] == **word).map(|level| level + 1)
    }

    fn causes(&self, ruled_out: bool) -> Vec<String> {
        let causes = self.0["cause"].as_array().into_iter().flatten();
        causes.filter(|cause| cause["ruled_out"] == ruled_out).map(|cause| plain(&cause["kind"])).collect()
    }

    fn supporting_evidence(&self) -> String {
        let verdict = &self.0["verdict"];
        let supports = |piece: &&Value| {
            verdict != "undetermined" && piece["for"] == *verdict && piece["nats"].as_f64() > Some(0.0)
        };
        let evidence = self.0["evidence"].as_array().into_iter().flatten().filter(supports);
        evidence.map(|piece| plain(&piece["kind"])).collect::<Vec<_>>().join(",")
    }
}

/// Returns a value without quotes; null is empty.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
