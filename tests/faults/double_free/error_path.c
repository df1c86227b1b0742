// finds: double-free   mode: 1
#include "fault.h"

static NOINLINE int parse(char *text) {
    if (text[0] == '?') {
        WRONG(free(text);)  // <- free
        return -1;
    }
    return 0;
}
int main(void) {
    char *text = strdup("?");  // <- alloc
    sink = parse(text);
    free(text);  // <- check
}
