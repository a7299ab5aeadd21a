/* The packet list, which has an Info column and no column for the severity. */
#include "stand-in.h"

const char *col_get_text(column_info *columns, const int column) {
    if (!columns || column != COL_EXPERT) fail("col_get_text: not what the stand-in expects");
    return NULL;
}

void col_prepend_fstr(column_info *columns, const int column, const char *format, ...) {
    char text[4096];
    va_list arguments;
    if (!columns || column != COL_INFO) fail("col_prepend_fstr: not the Info column");
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log_line("  col_prepend_fstr(COL_INFO, %s)", quoted(text));
    maybe_throw("col_prepend_fstr");
}
