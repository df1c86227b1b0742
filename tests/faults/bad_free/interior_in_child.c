// finds: interior-free   mode: 1
#include "fault.h"

static char *p;
static void work(void) {
    WRONG(free(p + 4);)  // <- check
}
int main(void) {
    p = malloc(64);  // <- alloc
    in_child(work);
    free(p);
}
