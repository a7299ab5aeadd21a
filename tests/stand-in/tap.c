/* Taps: records that wait until the frame is dissected. */
#include "stand-in.h"

#define MAX_TAPS 8
#define MAX_RECORDS 1024

static const char *taps[MAX_TAPS];
static int tap_count;

static struct {
    int tap;
    const void *record;
} queue[MAX_RECORDS];
static unsigned queued;

static int add_tap(const char *name) {
    if (tap_count == MAX_TAPS) fail("too many taps");
    taps[tap_count++] = name;
    return tap_count;
}

void register_own_taps(void) { add_tap("expert"); }

int register_tap(const char *name) {
    int id = add_tap(name);
    log_line("register_tap(%s)", quoted(name));
    return id;
}

int find_tap_id(const char *name) {
    for (int i = 0; i < tap_count; i++)
        if (!strcmp(taps[i], name)) return i + 1;
    return 0;
}

/* Statistics listen to the plugin's tap. */
truth have_tap_listener(int id) {
    return id > 0 && id <= tap_count && options.statistics && !strcmp(taps[id - 1], "syncookie");
}

void tap_queue_packet(int id, packet_info *info, const void *record) {
    if (id < 1 || id > tap_count) fail("tap_queue_packet(%d): there is no such tap", id);
    log_line("  tap_queue_packet(%s, frame %u)", taps[id - 1], (unsigned)info->num);
    maybe_throw("tap_queue_packet");
    if (queued == MAX_RECORDS) fail("too many records in frame %u", (unsigned)info->num);
    queue[queued].tap = id;
    queue[queued++].record = record;
}

/* Passes the records of a frame on. */
void run_taps(packet_info *info) {
    for (unsigned i = 0; i < queued; i++)
        if (have_tap_listener(queue[i].tap)) count_record(info, queue[i].record);
    queued = 0;
}
