// finds: heap-underflow   mode: 1
// text: 1 byte written just before the start of a 32-byte object
#include "fault.h"

static void work(void) {
    char *p = malloc(32);  // <- alloc
    kept = p;
    p[FAULT(-1, 0)] = 1;
}
int main(void) { in_child(work); }
