// finds: read-after-free   mode: full
#include "fault.h"

int main(void) {
    char *p = strdup("a name of some length, as names go");  // <- alloc
    RIGHT(sink = strcmp(p, "b") == 0;)
    free(p);  // <- free
    WRONG(sink = strcmp(p, "b") == 0;)  // <- access
}
