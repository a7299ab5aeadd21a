/* Writes the log: lines that are the same on every system. */
#include "stand-in.h"

#include <stdarg.h>

/* Number of the frame that the next lines belong to, while it is not logged yet. */
static unsigned pending_frame;

/* Begins the lines of a frame; without a number, lines that belong to none. */
void log_frame(unsigned number) { pending_frame = number; }

void log_line(const char *format, ...) {
    va_list arguments;
    if (pending_frame) printf("frame %u\n", pending_frame);
    pending_frame = 0;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

/* Ends the program: the plugin did what Wireshark does not allow, or the command line is wrong. */
void fail(const char *format, ...) {
    va_list arguments;
    fflush(stdout);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

/* Returns a text in quotes, on one line. Valid until the next few calls. */
const char *quoted(const char *text) {
    static char buffers[4][4096];
    static unsigned next;
    char *buffer = buffers[next++ % 4], *end = buffer;
    if (!text) return "NULL";
    *end++ = '"';
    for (; *text && end < buffer + sizeof buffers[0] - 4; text++) {
        if (*text == '\n') {
            *end++ = '\\';
            *end++ = 'n';
        } else {
            *end++ = *text;
        }
    }
    *end++ = '"';
    *end = 0;
    return buffer;
}

/* Returns zeroed memory. */
void *allocate(size_t size) {
    void *memory = calloc(1, size ? size : 1);
    if (!memory) fail("no memory");
    return memory;
}
