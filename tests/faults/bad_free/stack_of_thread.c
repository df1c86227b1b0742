// finds: (stack|mapped)-free   mode: 1
#include "fault.h"

static void *work(void *unused) {
    char buffer[64];
    char *p = strcpy(buffer, "on a thread's stack");
    free(FAULT(p, NULL));  // <- check
    return unused;
}
int main(void) { in_thread(work, NULL); }
