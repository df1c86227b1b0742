// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 90-byte object
#include "fault.h"

static void *finish(void *p) {
    free(p);  // <- check
    return NULL;
}
int main(void) {
    char *p = malloc(90);  // <- alloc
    p[FAULT(90, 89)] = 1;
    in_thread(finish, p);
}
