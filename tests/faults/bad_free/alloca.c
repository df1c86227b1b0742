// finds: stack-free   mode: 1
#include "fault.h"
#include <alloca.h>

int main(void) {
    char *p = alloca(200);
    p[0] = 0;
    free(FAULT(p, NULL));  // <- check
}
