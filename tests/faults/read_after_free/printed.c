// finds: read-after-free   mode: full
#include "fault.h"

int main(void) {
    char text[64];
    char *p = strdup("an error message");  // <- alloc
    RIGHT(snprintf(text, sizeof text, "%s", p);)
    free(p);  // <- free
    WRONG(snprintf(text, sizeof text, "%s", p);)  // <- access
}
