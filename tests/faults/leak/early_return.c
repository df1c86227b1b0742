// finds: leak   mode: 1
// text: 256 bytes
#include "fault.h"

static NOINLINE int parse(const char *text) {
    char *copy = malloc(256);  // <- alloc
    strcpy(copy, text);
    if (copy[0] == '#') {
        RIGHT(free(copy);)
        return 0;
    }
    free(copy);
    return 1;
}
int main(void) {
    sink = parse("# a comment");
    forget();
}
