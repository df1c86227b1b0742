// finds: mismatched-free   mode: 1
// finds: mismatched-free   mode: full
// text: malloc.*operator delete
// label: quick
#include "fault.h"

int main() {
    long *p = (long *)malloc(sizeof *p);  // <- alloc
    FAULT(delete p, free(p));  // <- check
}
