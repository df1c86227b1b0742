// finds: read-overflow   mode: exact
// text: past the end of a 24-byte object
#include "fault.h"

int main(void) {
    static char text[100];
    char *p = malloc(24);  // <- alloc
    memset(p, 'b', 24);
    snprintf(text, sizeof text, FAULT("%s", "%.24s"), p);  // <- access
    free(p);
}
