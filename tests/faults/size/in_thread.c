// finds: bad-size   mode: 1
#include "fault.h"

static volatile long length = FAULT(-8, 8);
static void *work(void *unused) {
    void *p = malloc(length);  // <- check
    free(p);
    return unused;
}
int main(void) { in_thread(work, NULL); }
