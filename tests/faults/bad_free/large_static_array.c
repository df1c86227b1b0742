// finds: static-free   mode: 1
// Behind the part of .bss that shares a page with the file.
#include "fault.h"

static char buffer[1 << 20];
int main(void) {
    char *p = buffer + (1 << 19);
    p[0] = 1;
    free(FAULT(p, NULL));  // <- check
}
