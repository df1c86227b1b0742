// finds: mismatched-free   mode: 1
// finds: mismatched-free   mode: full
// text: operator new.*free
// label: quick
#include "fault.h"

int main() {
    long *p = new long(4);  // <- alloc
    FAULT(free(p), delete p);  // <- check
}
