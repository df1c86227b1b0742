// finds: double-free   mode: 1
#include "fault.h"

static void *work(void *unused) {
    void *p = malloc(200);  // <- alloc
    free(p);  // <- free
    WRONG(free(p);)  // <- check
    return unused;
}
int main(void) { in_thread(work, NULL); }
