// finds: write-after-free   mode: 1
// finds: (read-after-free|write-after-free-fault)   mode: full
// The reference count drops once more.
#include "fault.h"

struct shared { char text[32]; int users; };
static NOINLINE void release(struct shared *s) {
    if (--s->users == 0)  // <- access
        free(s);  // <- free
}
int main(void) {
    struct shared *s = malloc(sizeof *s);  // <- alloc
    s->users = FAULT(1, 2);
    release(s);
    release(s);
}
