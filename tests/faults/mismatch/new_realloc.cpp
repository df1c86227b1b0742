// finds: mismatched-free   mode: 1
// text: operator new.*realloc
#include "fault.h"

int main() {
    void *p = FAULT(operator new(40), malloc(40));  // <- alloc
    p = realloc(p, 80);  // <- check
    free(p);
}
