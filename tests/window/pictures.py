"""Makes the pictures of the documents.

Arguments: a capture with a SYN proxy, a capture with a flood and SYN cookies, and one with a flood and
without cookies. Needs the profile "SYN cookies"."""

import os
import subprocess
import sys

from elements import Table
from wireshark import PROFILE, Wireshark

RECENT = ".config/wireshark/profiles/SYN cookies/recent"
# No bytes, and just the room that the packet list needs.
PANES = "gui.byte_view_show: FALSE\ngui.geometry_main_upper_pane: 240\n"
RECENT_OF_ALL = ".config/wireshark/recent_common"
# Wireshark begins with this size: a window that grows later gives every pane its share.
SIZE = (1250, 985)
# Down to the charts over all listeners.
REPORT = (1240, 1650)


def save(number, name):
    """Saves a picture of a window with few colours."""
    subprocess.run(["import", "-window", str(number), name], check=True)
    reduce_colours(name)


def reduce_colours(name):
    """Writes a picture again with an indexed palette, at a fourth of its size."""
    subprocess.run(["pngquant", "--force", "--strip", "--skip-if-larger", "--ext", ".png", "64", name], check=True)


def expand(wireshark, details, beginning):
    """Opens the line of the packet details that begins with these words."""
    line = wireshark.line(details, beginning)
    wireshark.click(line)
    wireshark.press("Right")
    return line


def packet_list(capture):
    """Shows the packet list and the details of a SYN-ACK: verdict, evidence, and cause with its commands."""
    with open(RECENT, "a", encoding="utf-8") as recent:
        recent.write(PANES)
    with open(RECENT_OF_ALL, "w", encoding="utf-8") as recent:
        recent.write("gui.geometry_main_width: {}\ngui.geometry_main_height: {}\n".format(*SIZE))
    with Wireshark(*PROFILE, capture) as wireshark:
        number = wireshark.place(capture, 0, 0, *SIZE)
        wireshark.click(Table(wireshark.element("tree", "Packet list")).cell(1, 2))
        details = wireshark.element("tree", "Packet details")
        subtree = expand(wireshark, details, "[SYN cookie analysis")
        expand(wireshark, details, "[Most likely cause")
        wireshark.click(subtree)
        save(number, "wireshark.png")
        wireshark.quit()


def statistics(capture):
    """Shows Statistics > SYN cookies."""
    with Wireshark(*PROFILE, capture) as wireshark:
        wireshark.place(capture, 0, 0, 1250, 900)
        wireshark.choose("Statistics", "SYN cookies")
        wireshark.element("push button", "Close", wireshark.window("SYN cookies"))
        save(wireshark.place("SYN cookies", 100, 100, 800, 500), "wireshark-statistics.png")
        wireshark.press("Escape")
        wireshark.quit()


def report(*captures):
    """Shows the beginning of the HTML report."""
    subprocess.run(["./syncookie", "analyze", *captures, "--format", "html", "-o", "report.html"], check=True)
    width, height = REPORT
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--window-size={width},{height}", "--virtual-time-budget=5000", "--screenshot=report.png",
         f"file://{os.path.abspath('report.html')}"],
        check=True, stderr=subprocess.DEVNULL)
    reduce_colours("report.png")


if __name__ == "__main__":
    packet_list(sys.argv[1])
    statistics(sys.argv[2])
    report(*sys.argv[2:])
