// finds: interior-free   mode: 1
#include "fault.h"

struct record { int id; char name[28]; };
int main(void) {
    struct record *r = calloc(1, sizeof *r);  // <- alloc
    WRONG(free(r->name);)  // <- check
    free(r);
}
