/*
 * A stand-in for Wireshark. It loads the plugin, gives it the frames of captures in two passes, and logs
 * what the plugin calls.
 *
 *     stand-in PLUGIN [OPTION]... CAPTURE...
 *
 *     --statistics         opens the statistics of the plugin
 *     --tree-at-once       a frame has a tree in the first pass, too, as in one pass of tshark
 *     --field NAME         only this field is asked for
 *     --preference N=V     sets a preference
 *     --throw N            leaves each Nth call that may fail in Wireshark by longjmp(), and then makes
 *                          a third pass in which all calls return
 */
#include "stand-in.h"

#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#endif

WS_DLL_PUBLIC int stand_in(int count, char **arguments);

struct options options;

#define MAX_PREFERENCES 8
static const char *preferences[MAX_PREFERENCES];
static unsigned preference_count;

/* Sets an option that has a value. */
static void set_option(const char *option, const char *value) {
    if (!strcmp(option, "--field"))
        options.field = value;
    else if (!strcmp(option, "--throw"))
        options.throw_every = (unsigned)strtoul(value, NULL, 10);
    else if (!strcmp(option, "--preference") && preference_count < MAX_PREFERENCES)
        preferences[preference_count++] = value;
    else
        fail("%s is not an option", option);
}

/* Reads the options, and returns the index of the first capture. */
static int parse(int count, char **arguments) {
    int i = 2;
    for (; i < count && !strncmp(arguments[i], "--", 2); i++) {
        if (!strcmp(arguments[i], "--statistics"))
            options.statistics = true;
        else if (!strcmp(arguments[i], "--tree-at-once"))
            options.tree_at_once = true;
        else if (i + 1 < count) {
            set_option(arguments[i], arguments[i + 1]);
            i++;
        }
    }
    if (i >= count) fail("usage: stand-in PLUGIN [OPTION]... CAPTURE...");
    return i;
}

static void run_pass(struct capture *capture, unsigned pass) {
    log_line("pass %u", pass);
    may_throw = options.throw_every && pass < 3;
    if (options.statistics) start_statistics();
    for (uint32_t i = 0; i < capture->count; i++) {
        log_frame(i + 1);
        dissect(&capture->frames[i], pass);
    }
    log_frame(0);
    if (options.statistics) log_statistics();
}

/* Opens a capture. Its name is not logged, because paths differ between systems. */
static void run(const char *path) {
    struct capture capture = read_capture(path);
    unsigned passes = options.throw_every ? 3 : 2;
    log_line("file of %u frames", (unsigned)capture.count);
    open_file();
    for (unsigned pass = 1; pass <= passes; pass++) run_pass(&capture, pass);
    for (uint32_t i = 0; i < capture.count; i++) log_conversation(&capture.frames[i]);
    close_file();
    free(capture.frames);
    free(capture.file);
}

int stand_in(int count, char **arguments) {
#ifdef _WIN32
    /* The log is the same on every system. */
    _setmode(_fileno(stdout), _O_BINARY);
#endif
    int first = parse(count, arguments);
    register_own_protocols();
    register_own_taps();
    load_plugin(arguments[1]);
    register_plugins();
    for (unsigned i = 0; i < preference_count; i++) set_preference(preferences[i]);
    for (int i = first; i < count; i++) run(arguments[i]);
    return 0;
}
