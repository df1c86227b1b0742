// finds: poison-pointer   mode: 1
// text: 0x5a
// A jump to where there is no code.
#include "fault.h"

struct operations { long id[5]; void (*close)(void); };
static void nothing(void) {}
static NOINLINE void stain(void) {
    struct operations *old = malloc(sizeof *old);
    old->close = nothing;
    free(old);
}
int main(void) {
    stain();
    struct operations *o = malloc(sizeof *o);
    RIGHT(o->close = nothing;)
    o->close();  // <- access
    free(o);
}
