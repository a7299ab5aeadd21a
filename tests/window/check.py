"""Clicks through Wireshark with the plugin, and fails if the plugin's menus, windows or texts are missing.

Arguments: a capture with SYN proxies, a capture with many handshakes, and the file of the plugin."""

import contextlib
import os
import sys

from elements import Table
from memory import RELOADS, reload_growth
from wireshark import PROFILE, Wireshark, xdotool

# Without the plugin, the other profile is invalid.
PLAIN = ("-C", "Default")
# Wireshark itself keeps 12 MB with each reload of the sample. This share of it is 90 bytes per handshake.
MARGIN = 0.05


def trees(element):
    """Returns the visible trees below an element."""
    return [found for found, role in element.walk() if role == "tree" and found.is_shown]


def rows(window):
    """Returns the texts of all visible rows in a window."""
    return [row for tree in trees(window) for row in Table(tree).rows()]


def titles(tree):
    """Returns the texts of the first lines of a tree."""
    return [tree.child(index).name for index in range(min(tree.count(), 20))]


def navigation(window):
    """Returns the list of pages in the window of preferences, or `None`."""
    return next((tree for tree in trees(window) if "Protocols" in titles(tree)), None)


class Walk:
    """Steps of a user through the windows, in the order of the functions."""

    def __init__(self, wireshark, title):
        self.wireshark = wireshark
        wireshark.place(title, 0, 0, 1400, 800)
        self.packets = Table(wireshark.element("tree", "Packet list"))

    def info(self):
        """Returns the Info column of all packets in the list."""
        return [row[-1] for row in self.packets.rows()]

    def open_file(self):
        """The packet list marks SYN-ACKs and resets, and the details of a SYN-ACK name the verdict."""
        marks = [row for row in self.info() if row.startswith(("[SYN proxy, likely]", "[reset after SYN proxy]"))]
        assert len(marks) == 6, self.info()
        self.wireshark.click(self.packets.cell(1, 2))
        details = self.wireshark.element("tree", "Packet details")
        self.wireshark.line(details, "[SYN cookie analysis: answered by a SYN proxy, likely")

    def statistics(self):
        """Statistics > SYN cookies counts the verdicts of the packet list."""
        self.wireshark.choose("Statistics", "SYN cookies")
        window = self.wireshark.window("SYN cookies")
        expected = {("Verdict", "3"), ("syn-proxy", "3"), ("likely", "3"), ("proxy-leaked-ack", "3")}
        self.wireshark.wait(f"statistics {expected}", lambda: expected <= {tuple(row[:2]) for row in rows(window)})
        self.wireshark.press_button("Close", window)

    def graphs(self):
        """Statistics > I/O Graphs lists the graphs of the profile."""
        self.wireshark.choose("Statistics", "I/O Graphs")
        window = self.wireshark.window("I/O Graphs")
        expected = {"SYNs", "SYN cookie handshakes", "SYN proxy handshakes", "Failed handshakes"}
        self.wireshark.wait(f"graphs {expected}", lambda: expected <= {cell for row in rows(window) for cell in row})
        self.wireshark.press_button("Close", window)

    def expert_information(self):
        """Analyze > Expert Information has one row for each kind of expert item."""
        self.wireshark.choose("Analyze", "Expert Information")
        window = self.wireshark.window("Expert Information")
        expected = {
            ("Warning", "Answered by a SYN proxy", "Security", "SYNCOOKIE", "3"),
            ("Warning", "Handshake failed or was delayed, or its connection got stuck", "Sequence", "SYNCOOKIE", "3"),
            ("Warning", "Reset right after a handshake answered by a SYN cookie or SYN proxy", "Sequence", "SYNCOOKIE",
             "3"),
        }
        self.wireshark.wait(f"expert items {expected}", lambda: expected <= {tuple(row) for row in rows(window)})
        self.wireshark.press_button("Close", window)

    def conversation_filter(self):
        """The filter of a SYN-ACK's handshake shows its four packets."""
        self.wireshark.click(self.packets.cell(1, 2))
        self.wireshark.choose("Analyze", "Conversation Filter", "SYN cookies: this handshake")
        numbers = lambda: [row[0] for row in self.packets.rows()]
        self.wireshark.wait("the four packets of the handshake", lambda: numbers() == ["1", "2", "3", "4"])
        self.wireshark.press("ctrl+slash", "ctrl+a", "BackSpace", "Return")
        self.wireshark.wait("all packets", lambda: len(numbers()) == 12)

    def preference(self):
        """A preference that is changed in its window changes the packet list at once, and back again."""
        for is_marked in (False, True):
            self.wireshark.choose("Edit", "Preferences…")
            window = self.wireshark.window("Preferences")
            pages = self.wireshark.wait("pages", lambda window=window: navigation(window))
            self.wireshark.click(pages.child(titles(pages).index("Protocols")))
            self.wireshark.press("Right")
            xdotool("type", "SYNCOOKIE")
            self.wireshark.click(self.wireshark.element("check box", "Show findings in the Info column", window))
            self.wireshark.press_button("OK", window)
            self.wireshark.wait(
                "the changed packet list",
                lambda wanted=is_marked: any(info.startswith("[SYN proxy") for info in self.info()) == wanted)


@contextlib.contextmanager
def without(plugin):
    """Hides the plugin from Wireshark."""
    hidden = os.path.basename(plugin) + ".hidden"
    os.rename(plugin, hidden)
    try:
        yield
    finally:
        os.rename(hidden, plugin)


def check_windows(capture):
    """Takes all steps, and says which were taken."""
    with Wireshark(*PROFILE, capture) as wireshark:
        walk = Walk(wireshark, capture)
        for step in (walk.open_file, walk.statistics, walk.graphs, walk.expert_information,
                     walk.conversation_filter, walk.preference):
            step()
            print(f"ok: {step.__doc__}", flush=True)
        wireshark.quit()


def check_memory(capture, plugin):
    """Compares the memory that reloads leave behind with and without the plugin."""
    with_it = reload_growth(capture, *PLAIN)
    with without(plugin):
        without_it = reload_growth(capture, *PLAIN)
    numbers = f"{RELOADS} reloads: {with_it / 1e6:.1f} MB with the plugin, {without_it / 1e6:.1f} MB without"
    assert with_it <= without_it * (1 + MARGIN), numbers
    print(f"ok: The plugin keeps no memory when a file is read again. {numbers}", flush=True)


if __name__ == "__main__":
    check_windows(sys.argv[1])
    check_memory(sys.argv[2], sys.argv[3])
