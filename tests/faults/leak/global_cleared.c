// finds: leak   mode: 1
// text: 128 bytes
#include "fault.h"

static char *volatile current;
static NOINLINE void start(void) {
    current = malloc(128);  // <- alloc
}
int main(void) {
    start();
    RIGHT(free(current);)
    current = NULL;
    forget();
}
