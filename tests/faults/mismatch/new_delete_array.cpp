// finds: mismatched-free   mode: 1
// text: operator new.*operator delete\[\]
#include "fault.h"

int main() {
    long *p = new long(4);  // <- alloc
    FAULT(delete[] p, delete p);  // <- check
}
