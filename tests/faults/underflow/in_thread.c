// finds: heap-underflow   mode: 1
// text: 1 byte written just before the start of a 32-byte object
#include "fault.h"

static void *work(void *unused) {
    char *p = malloc(32);  // <- alloc
    kept = p;
    p[FAULT(-1, 0)] = 1;
    return unused;
}
int main(void) { in_thread(work, NULL); }
