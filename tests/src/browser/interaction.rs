//! What a user does with a page: reads, clicks, types, resizes the window.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Browser;

/// A function that returns the box of an element in the window, to which a frame may be scrolled: its middle is
/// brought into view first.
const BOX: &str = "((element) => {
    element.scrollIntoView({block: 'center'});
    const box = element.getBoundingClientRect(), frame = frameElement?.getBoundingClientRect();
    return new DOMRect(box.x + (frame?.x ?? 0), box.y + (frame?.y ?? 0), box.width, box.height);
})";

impl Browser {
    /// Returns the visible text of an element.
    pub fn text(&mut self, selector: &str) -> String {
        self.eval(&format!("document.querySelector({selector:?}).innerText")).as_str().unwrap_or_default().to_owned()
    }

    /// Clicks with the mouse on the middle of an element.
    ///
    /// # Panics
    /// When the element is not there, or is covered.
    pub fn click(&mut self, selector: &str) {
        let place = self.eval(&format!(
            "(() => {{ const e = document.querySelector({selector:?}), b = {BOX}(e), inside = e.getBoundingClientRect();
               const at = document.elementFromPoint(inside.x + b.width / 2, inside.y + b.height / 2);
               return [b.x + b.width / 2, b.y + b.height / 2, e.contains(at)]; }})()"
        ));
        assert_eq!(place[2], true, "something covers {selector}");
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    /// Drags the mouse over an element, between two parts of its width from 0 to 1.
    pub fn drag(&mut self, selector: &str, from: f64, to: f64) {
        let place = self.eval(&format!(
            "(() => {{ const b = {BOX}(document.querySelector({selector:?})); return [b.x, b.width, b.y + b.height / 2]; }})()"
        ));
        let [left, width, y] = [0, 1, 2].map(|index| place[index].as_f64().unwrap_or_default());
        let steps =
            [("mouseMoved", from, 0), ("mousePressed", from, 1), ("mouseMoved", to, 1), ("mouseReleased", to, 0)];
        for (kind, part, buttons) in steps {
            let button = if kind == "mouseMoved" && buttons == 0 { "none" } else { "left" };
            let x = left + width * part;
            let event = json!({"type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1});
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    /// Moves the mouse to a place in an element, at parts of its width and height from 0 to 1.
    pub fn point_at(&mut self, selector: &str, across: f64, down: f64) {
        let place = self.eval(&format!(
            "(() => {{ const b = {BOX}(document.querySelector({selector:?}));
               return [b.x + b.width * {across}, b.y + b.height * {down}]; }})()"
        ));
        self.call("Input.dispatchMouseEvent", json!({"type": "mouseMoved", "x": place[0], "y": place[1]}));
    }

    /// Shows the page as it is printed, or on the screen again.
    pub fn print(&mut self, is_printed: bool) {
        let (media, event) = if is_printed { ("print", "beforeprint") } else { ("", "afterprint") };
        self.call("Emulation.setEmulatedMedia", json!({"media": media}));
        self.eval(&format!("dispatchEvent(new Event({event:?}))"));
    }

    /// Presses a key, with its modifiers (2 is Ctrl, 8 is Shift).
    pub fn press(&mut self, key: &str, modifiers: u8) {
        let code = match key {
            "Enter" => 13,
            "Tab" => 9,
            "v" => 86,
            _ => 0,
        };
        let mut event = json!({"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers});
        event["type"] = "keyDown".into();
        if key == "Enter" {
            event["text"] = "\r".into();
        }
        if (key, modifiers) == ("v", 2) {
            // The browser's own shortcuts need a window; this is what the shortcut does.
            event["commands"] = json!(["paste"]);
        }
        self.call("Input.dispatchKeyEvent", event.clone());
        event["type"] = "keyUp".into();
        self.call("Input.dispatchKeyEvent", event);
    }

    /// Types into the element that has the focus.
    pub fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", json!({"text": text}));
    }

    /// Chooses files for an input element.
    pub fn choose(&mut self, selector: &str, files: &[PathBuf]) {
        let input = self.node(selector);
        self.call("DOM.setFileInputFiles", json!({"nodeId": input, "files": files}));
    }

    /// Returns the number of an element of the page.
    pub(super) fn node(&mut self, selector: &str) -> Value {
        let document = self.call("DOM.getDocument", json!({"depth": 0}))["root"]["nodeId"].clone();
        self.call("DOM.querySelector", json!({"nodeId": document, "selector": selector}))["nodeId"].clone()
    }

    /// Drops files and folders on the page, at a distance from its corner in pixels.
    pub fn drop_files(&mut self, files: &[PathBuf], place: (u32, u32)) {
        let data = json!({"items": [], "files": files, "dragOperationsMask": 1});
        for kind in ["dragEnter", "dragOver", "drop"] {
            let event = json!({"type": kind, "x": place.0, "y": place.1, "data": data});
            self.call("Input.dispatchDragEvent", event);
        }
    }

    /// Clicks on what starts a download and returns the file that it saves in this folder.
    ///
    /// # Panics
    /// When nothing is saved under this name in time.
    pub fn download(&mut self, selector: &str, folder: &Path, name: &str) -> Vec<u8> {
        let behaviour = json!({"behavior": "allow", "downloadPath": folder, "eventsEnabled": true});
        self.call("Browser.setDownloadBehavior", behaviour);
        let before = self.heard.len();
        self.click(selector);
        // Before Chromium renames the complete file, an empty one has the final name.
        self.wait_for_message(before, |message| {
            message["method"] == "Browser.downloadProgress" && message["params"]["state"] == "completed"
        });
        std::fs::read(folder.join(name)).expect("the download can be read")
    }

    /// Sets the size of the window and the colour scheme of the system.
    pub fn look(&mut self, width: u32, height: u32, scheme: &str) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", scheme);
    }

    /// Saves a picture of the window and a printout of the page, if `SYNCOOKIE_SCREENSHOTS` names a
    /// folder for them.
    ///
    /// # Panics
    /// When the folder cannot be written to.
    pub fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("SYNCOOKIE_SCREENSHOTS").map(std::path::PathBuf::from) else { return };
        std::fs::create_dir_all(&folder).expect("the folder for screenshots can be made");
        let pictures = [("png", "Page.captureScreenshot"), ("pdf", "Page.printToPDF")];
        for (ending, method) in pictures {
            let encoded = self.call(method, json!({}))["data"].as_str().unwrap_or_default().to_owned();
            let bytes = decode(&encoded);
            std::fs::write(folder.join(format!("{name}.{ending}")), bytes).expect("screenshots can be written");
        }
    }
}

/// Decodes base64 (RFC 4648 section 4).
fn decode(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for sextet in text.bytes().filter_map(|byte| ALPHABET.iter().position(|&known| known == byte)) {
        (bits, held) = ((bits << 6) | sextet as u32, held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}
