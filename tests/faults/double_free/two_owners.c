// finds: double-free   mode: 1
// Two structures hold the same buffer, and each frees it.
#include "fault.h"

struct owner { char *buffer; };
static NOINLINE void destroy(struct owner *o) {
    free(o->buffer);  // <- free, check
}
int main(void) {
    struct owner a = {malloc(80)}, b = a;  // <- alloc
    RIGHT(b.buffer = NULL;)
    destroy(&a);
    destroy(&b);
}
