/* The program. All it does is in the library, as in Wireshark. */
#include "ws_symbol_export.h"

WS_DLL_PUBLIC int stand_in(int count, char **arguments);

int main(int count, char **arguments) { return stand_in(count, arguments); }
