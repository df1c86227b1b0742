// finds: interior-free   mode: 1
#include "fault.h"

static void *finish(void *p) {
    free(p);  // <- check
    return NULL;
}
int main(void) {
    char *p = malloc(64);  // <- alloc
    WRONG(in_thread(finish, p + 32);)
    free(p);
}
