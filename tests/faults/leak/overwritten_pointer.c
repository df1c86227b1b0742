// finds: leak   mode: 1
// text: 64 bytes
#include "fault.h"

static char *volatile current;
static NOINLINE void start(void) {
    RIGHT(free(current);)
    current = malloc(64);  // <- alloc
}
int main(void) {
    start();
    start();
    forget();
    RIGHT(free(current);)
}
