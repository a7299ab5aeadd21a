/* Loads the plugin, as wsutil/plugins.c does. */
#include "stand-in.h"

#ifdef _WIN32
#include <windows.h>
static void *open_library(const char *path) { return LoadLibraryA(path); }
static void *symbol(void *library, const char *name) { return (void *)GetProcAddress(library, name); }
static const char *reason(void) {
    static char text[32];
    snprintf(text, sizeof text, "error %lu", GetLastError());
    return text;
}
#else
#include <dlfcn.h>
/* RTLD_NOW: a function that is missing here is reported at once. */
static void *open_library(const char *path) { return dlopen(path, RTLD_NOW | RTLD_LOCAL); }
static void *symbol(void *library, const char *name) { return dlsym(library, name); }
static const char *reason(void) { return dlerror(); }
#endif

static void *required(void *library, const char *name) {
    void *found = symbol(library, name);
    if (!found) fail("the plugin has no symbol %s", name);
    return found;
}

void load_plugin(const char *path) {
    void *library = open_library(path);
    if (!library) fail("cannot load %s: %s", path, reason());
    log_line("plugin_version %s", quoted(required(library, "plugin_version")));
    int major = *(const int *)required(library, "plugin_want_major");
    int minor = *(const int *)required(library, "plugin_want_minor");
    if (major != WIRESHARK_MAJOR || minor != WIRESHARK_MINOR)
        fail("the plugin was compiled for Wireshark version %d.%d", major, minor);
    uint32_t (*describe)(void) = (uint32_t (*)(void))required(library, "plugin_describe");
    log_line("plugin_describe() = %u", (unsigned)describe());
    void (*register_plugin)(void) = (void (*)(void))required(library, "plugin_register");
    register_plugin();
}
