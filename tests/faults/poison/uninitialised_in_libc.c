// finds: poison-pointer   mode: 1
// text: 0x5a
#include "fault.h"

struct item { long id[5]; const char *name; };
static NOINLINE void stain(void) {
    struct item *old = malloc(sizeof *old);
    old->name = "an old name";
    free(old);
}
int main(void) {
    stain();
    struct item *i = malloc(sizeof *i);
    RIGHT(i->name = "a name";)
    sink = strlen(i->name);  // <- access
    free(i);
}
