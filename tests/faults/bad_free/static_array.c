// finds: static-free   mode: 1
// finds: static-free   mode: full
// label: quick
#include "fault.h"

static char buffer[64];
int main(void) {
    char *p = strcpy(buffer, "static");
    free(FAULT(p, NULL));  // <- check
}
