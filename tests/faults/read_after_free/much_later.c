// finds: read-after-free   mode: full
#include "fault.h"

int main(void) {
    char *p = calloc(1, 56);  // <- alloc
    RIGHT(sink = p[20];)
    free(p);  // <- free
    for (int i = 0; i < 10000; i++) free(malloc(100 + i % 50));
    WRONG(sink = p[20];)  // <- access
}
