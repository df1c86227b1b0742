// finds: leak   mode: 1
// text: 80 bytes
// The structure is freed, what it points to is not.
// label: quick
#include "fault.h"

struct owner { long id; char *buffer; };
static NOINLINE void lose(void) {
    struct owner *o = malloc(sizeof *o);
    o->buffer = malloc(80);  // <- alloc
    sink = o->buffer == NULL;
    RIGHT(free(o->buffer);)
    free(o);
}
int main(void) {
    lose();
    forget();
}
