"""Reads a capture again and again, and measures the memory that stays."""

import os
import time

from wireshark import Wireshark

RELOADS = 80
# The first ones fill caches and pools that are used again.
WARM_UP = 10


def reload_growth(capture, *arguments):
    """Returns by how many bytes Wireshark's resident memory grows in 80 reloads of a capture."""
    # Wireshark's window keeps what assistive technology might ask for, so that is left off here.
    with Wireshark(*arguments, capture, reads_elements=False) as wireshark:
        wireshark.place(capture, 0, 0, 1200, 800)
        reader = Reader(wireshark, capture)
        for _ in range(WARM_UP):
            reader.reload()
        before = reader.resident()
        for _ in range(RELOADS):
            reader.reload()
        growth = reader.resident() - before
        wireshark.quit()
        return growth


class Reader:
    """Knows from the operating system when a Wireshark has read its file again."""

    def __init__(self, wireshark, capture):
        self.wireshark = wireshark
        self.folder = f"/proc/{wireshark.process.pid}"
        self.size = os.path.getsize(capture)
        self.rest()

    def value(self, file, name):
        """Returns a number that a file of /proc lists under a name."""
        with open(f"{self.folder}/{file}", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))

    def resident(self):
        """Returns the resident memory in bytes."""
        return self.value("status", "VmRSS") * 1024

    def cpu(self):
        """Returns the CPU time used so far, in ticks."""
        with open(f"{self.folder}/stat", encoding="ascii") as stat:
            return sum(int(word) for word in stat.read().rsplit(")", 1)[1].split()[11:13])

    def rest(self):
        """Waits until Wireshark has nothing to do."""
        quiet = 0
        while quiet < 3:
            before = self.cpu()
            time.sleep(0.1)
            quiet = quiet + 1 if self.cpu() <= before + 1 else 0

    def reload(self):
        """Reads the file again, and waits for the end."""
        before = self.value("io", "rchar")
        self.wireshark.press("ctrl+r")
        self.wireshark.wait("reload", lambda: self.value("io", "rchar") >= before + self.size)
        self.rest()
