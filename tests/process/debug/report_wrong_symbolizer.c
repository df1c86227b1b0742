// KSLAB_SYMBOLIZER that is no program: said at the start, not found out by reports without names.
// env: KSLAB_DEBUG=F KSLAB_SYMBOLIZER=/nonexistent/kslab
// variant: KSLAB_SYMBOLIZER=/usr
// expect-stderr: ^kslab: KSLAB_SYMBOLIZER=/(nonexistent/kslab|usr) cannot be executed: reports will name neither functions nor lines; it is the path of the kslab command, or none$
#include <stdlib.h>

int main(void) {
    free(malloc(10));
    return 0;
}
