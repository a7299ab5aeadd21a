/*
 * The part of GLib's headers that differs for 64-bit Windows.
 *
 * GLib's other headers are the same on every system, but this one describes the machine that it was
 * generated on, and no package for Debian has that of Windows. So it is derived from the one of this
 * machine. There, all types of 64 bits are called long; on Windows, a long has 32 bits.
 */
#ifndef SYNCOOKIE_GLIBCONFIG_H
#define SYNCOOKIE_GLIBCONFIG_H

/* glibconfig.h includes these. They must be read before long is replaced. */
#include <float.h>
#include <limits.h>
#include <glib/gmacros.h>

#define long long long
#include_next <glibconfig.h>
#undef long

#undef GLIB_SIZEOF_LONG
#define GLIB_SIZEOF_LONG 4
#undef G_MAXSIZE
#define G_MAXSIZE ULLONG_MAX
#undef GPOINTER_TO_INT
#define GPOINTER_TO_INT(p) ((gint) (gintptr) (p))
#undef GPOINTER_TO_UINT
#define GPOINTER_TO_UINT(p) ((guint) (guintptr) (p))
#undef GINT_TO_POINTER
#define GINT_TO_POINTER(i) ((gpointer) (gintptr) (i))
#undef GUINT_TO_POINTER
#define GUINT_TO_POINTER(u) ((gpointer) (guintptr) (u))
#undef G_OS_UNIX
#define G_OS_WIN32 1

#endif
