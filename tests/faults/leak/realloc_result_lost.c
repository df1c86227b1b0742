// finds: leak   mode: 1
// text: 500000 bytes
// The new address is thrown away, and the old one is no longer an object.
#include "fault.h"

static NOINLINE void grow(char *p) {
    void *grown = realloc(p, 500000);  // <- alloc
    sink = grown != NULL;
    RIGHT(free(grown);)
}
int main(void) {
    grow(malloc(100));
    forget();
}
