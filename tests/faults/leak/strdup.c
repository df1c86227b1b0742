// finds: leak   mode: 1
// text: 11 bytes
#include "fault.h"

static NOINLINE int lose(const char *name) {
    char *copy = strdup(name);  // <- alloc
    int length = strlen(copy);
    RIGHT(free(copy);)
    return length;
}
int main(void) {
    sink = lose("ten chars.");
    forget();
}
