"""Wireshark's real window on a virtual screen, used with mouse and keyboard."""

import os
import subprocess
import time

from gi.repository import GLib

from elements import desktop

LOG = "wireshark.log"
PROFILE = ("-C", "SYN cookies")


def xdotool(*words):
    """Returns what xdotool prints."""
    words = [str(word) for word in words]
    return subprocess.run(["xdotool", *words], check=True, capture_output=True, text=True).stdout.strip()


def window_number(title):
    """Returns the X server's number of the window whose title has these words, or `None`."""
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", title], check=False, capture_output=True)
    return next(iter(found.stdout.decode().split()), None)


class Wireshark:
    """A running Wireshark, started with these arguments."""

    def __init__(self, *arguments, reads_elements=True):
        environment = dict(os.environ)
        if reads_elements:
            self.desktop = desktop()
            environment["QT_LINUX_ACCESSIBILITY_ALWAYS_ON"] = "1"
        with open(LOG, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(["wireshark", *arguments], env=environment, stderr=log)
        if reads_elements:
            self.application = self.wait("Wireshark's window", self._own_windows)
        # The window manager gives dialogs the keyboard.
        self.manager = subprocess.Popen(["openbox"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.process, self.manager):
            process.kill()
            process.wait()

    def _own_windows(self):
        for application in self.desktop.children():
            if application.process == self.process.pid and application.count():
                return application
        return None

    def printed(self):
        """Returns what Wireshark wrote to its standard error."""
        with open(LOG, encoding="utf-8") as log:
            return log.read()

    def wait(self, what, condition, patience=30):
        """Returns the first true value of a condition. Fails if there is none in time, or if Wireshark ends."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            assert self.process.poll() is None, f"Wireshark ended with {self.process.poll()}: {self.printed()}"
            try:
                value = condition()
            except GLib.Error:
                # The element was closed while it was read.
                value = None
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(f"{what}: not within {patience} s")

    def find(self, role, name, below=None):
        """Returns the visible element with this role and name, or `None`."""
        for element, its_role in (below or self.application).walk():
            if its_role == role and element.name == name and element.is_shown:
                return element
        return None

    def element(self, role, name, below=None):
        """Returns the element with this role and name as soon as it is visible."""
        return self.wait(f'{role} "{name}"', lambda: self.find(role, name, below))

    def window(self, title):
        """Returns the window whose title has these words, as soon as it is visible."""
        def find():
            windows = self.application.children()
            return next((window for window in windows if title in window.name and window.is_shown), None)
        return self.wait(f'window "{title}"', find)

    def line(self, tree, beginning):
        """Returns the line of a tree that begins with these words, as soon as there is one."""
        def find():
            return next((line for line in tree.children() if line.name.startswith(beginning)), None)
        return self.wait(beginning, find)

    def click(self, element):
        """Clicks on an element."""
        xdotool("mousemove", *element.middle, "sleep", 0.2, "click", 1)

    def press_button(self, name, window):
        """Clicks on a button of a window."""
        self.click(self.element("push button", name, window))

    def choose(self, *path):
        """Clicks on one menu item after the other."""
        for name in path:
            self.click(self.element("menu item", name))

    def press(self, *keys):
        """Presses keys in the window that has the keyboard."""
        xdotool("key", *keys)

    def quit(self):
        """Closes Wireshark as a user does. Fails if it crashes, or complains about the plugin."""
        self.press("ctrl+q")
        code = self.process.wait(30)
        printed = self.printed()
        assert code == 0 and "syncookie" not in printed, f"Wireshark ended with {code}: {printed}"

    def place(self, title, left, top, width, height):
        """Gives the window whose title has these words this place and size on the screen; returns its number."""
        number = self.wait(f'window "{title}"', lambda: window_number(title))
        xdotool("windowactivate", "--sync", number, "windowmove", number, left, top)
        xdotool("windowsize", "--sync", number, width, height, "sleep", 0.5)
        return number
