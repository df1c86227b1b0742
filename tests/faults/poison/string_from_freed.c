// finds: poison-pointer   mode: 1
// text: 0x6b
// finds: read-after-free   mode: full
#include "fault.h"

struct item { long id[5]; const char *name; };
int main(void) {
    struct item *i = malloc(sizeof *i);
    i->name = "a name";
    RIGHT(sink = strlen(i->name);)
    free(i);
    WRONG(sink = strlen(i->name);)  // <- access
}
