/*
 * Wireshark's exceptions: a function that the plugin calls may not return, because it calls
 * longjmp(), which skips all frames of the plugin.
 */
#include "stand-in.h"

jmp_buf thrown;

/* Whether calls are left at present. */
bool may_throw;

/* Leaves every n-th call. */
void maybe_throw(const char *function) {
    static unsigned calls;
    if (!may_throw || ++calls % options.throw_every) return;
    log_line("  %s is left by longjmp", function);
    longjmp(thrown, 1);
}
