"""The elements of windows as assistive technology reads them (AT-SPI, over D-Bus), without a cache."""

from gi.repository import Gio, GLib

INTERFACE = "org.a11y.atspi."
ROOT = "/org/a11y/atspi/accessible/root"
SHOWING = 1 << 25
# Coordinates are those of the screen.
SCREEN = 0
# The elements below these are rows and cells, which may be many.
TABLES = ("tree", "table", "list")


class Element:
    """An element of a window: the connection that owns it, and its path there."""

    def __init__(self, bus, owner, path):
        self.bus, self.owner, self.path = bus, owner, path

    def call(self, interface, method, arguments=None, timeout=10_000):
        """Returns what a method of this element returns."""
        answer = self.bus.call_sync(
            self.owner, self.path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, timeout, None)
        return answer.unpack()

    def value(self, name):
        """Returns a property of this element."""
        arguments = GLib.Variant("(ss)", (INTERFACE + "Accessible", name))
        return self.call("org.freedesktop.DBus.Properties", "Get", arguments)[0]

    @property
    def name(self):
        """The text that assistive technology reads out."""
        return self.value("Name")

    @property
    def role(self):
        """The kind of element, such as "menu item"."""
        return self.call(INTERFACE + "Accessible", "GetRoleName")[0]

    @property
    def is_shown(self):
        """Whether the element is visible."""
        return bool(self.call(INTERFACE + "Accessible", "GetState")[0][0] & SHOWING)

    @property
    def middle(self):
        """The point to click on: the middle, or a point near the left end of a wide element."""
        left, top, width, height = self.call(INTERFACE + "Component", "GetExtents", GLib.Variant("(u)", (SCREEN,)))[0]
        return left + min(width // 2, 100), top + height // 2

    @property
    def process(self):
        """The process that owns the element."""
        bus = Element(self.bus, "org.freedesktop.DBus", "/org/freedesktop/DBus")
        arguments = GLib.Variant("(s)", (self.owner,))
        return bus.call("org.freedesktop.DBus", "GetConnectionUnixProcessID", arguments)[0]

    def count(self):
        """Returns the number of elements directly below."""
        return self.value("ChildCount")

    def child(self, index):
        """Returns one element directly below."""
        found = self.call(INTERFACE + "Accessible", "GetChildAtIndex", GLib.Variant("(i)", (index,)))[0]
        return Element(self.bus, *found)

    def children(self):
        """Returns the elements directly below."""
        return [Element(self.bus, *found) for found in self.call(INTERFACE + "Accessible", "GetChildren")[0]]

    def walk(self):
        """Returns all elements below, without those inside tables."""
        for child in self.children():
            try:
                role = child.role
            except GLib.Error:
                # It was closed meanwhile.
                continue
            yield child, role
            if role not in TABLES:
                yield from child.walk()


class Table:
    """A tree or table. Its cells are its children: the titles of the columns, then row by row."""

    def __init__(self, element):
        self.element = element
        self.width = 0
        while element.child(self.width).role == "column header":
            self.width += 1

    def cell(self, row, column):
        """Returns a cell; rows and columns are counted from 0."""
        return self.element.child((row + 1) * self.width + column)

    def row(self, row):
        """Returns the texts of a row."""
        return [self.cell(row, column).name for column in range(self.width)]

    def rows(self):
        """Returns the texts of all rows."""
        return [self.row(row) for row in range(self.element.count() // self.width - 1)]


def desktop():
    """Returns the element that has all programs below it."""
    session = Gio.bus_get_sync(Gio.BusType.SESSION, None)
    registry = Element(session, "org.a11y.Bus", "/org/a11y/bus")
    address = registry.call("org.a11y.Bus", "GetAddress")[0]
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
    return Element(bus, "org.a11y.atspi.Registry", ROOT)
