// finds: double-free   mode: 1
// finds: double-free   mode: full
// label: quick
#include "fault.h"

int main() {
    long *p = new long(1);  // <- alloc
    delete p;  // <- free
    WRONG(delete p;)  // <- check
}
