// finds: interior-free   mode: 1
// Deleted through a base that is not the first, and whose destructor is not virtual.
#include "fault.h"

struct first { long a[3]; };
struct second { long b[2]; };
struct both : first, second {};
int main() {
    both *p = new both;  // <- alloc
    second *q = p;
    WRONG(delete q;)  // <- check
    delete p;
}
