// finds: leak   mode: 1
// text: 55 bytes
#include "fault.h"

static void finish(void) {
    char *p = malloc(55);  // <- alloc
    p[0] = 1;
    RIGHT(free(p);)
    p = NULL;
    forget();
}
int main(void) { atexit(finish); }
