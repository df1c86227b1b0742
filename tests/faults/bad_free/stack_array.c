// finds: stack-free   mode: 1
// finds: stack-free   mode: full
// label: quick
#include "fault.h"

int main(void) {
    char buffer[64];
    char *p = strcpy(buffer, "on the stack");
    free(FAULT(p, NULL));  // <- check
}
