// finds: mismatched-free   mode: 1
// text: aligned_alloc.*operator delete\[\]
#include "fault.h"

int main() {
    char *p = (char *)aligned_alloc(64, 128);  // <- alloc
    FAULT(delete[] p, free(p));  // <- check
}
