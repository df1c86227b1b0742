// finds: mismatched-free   mode: 1
// text: realloc.*operator delete\[\]
#include "fault.h"

int main() {
    char *p = (char *)realloc(malloc(10), 1000);  // <- alloc
    FAULT(delete[] p, free(p));  // <- check
}
