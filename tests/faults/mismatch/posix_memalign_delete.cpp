// finds: mismatched-free   mode: 1
// text: posix_memalign.*operator delete
#include "fault.h"

int main() {
    void *p;
    if (posix_memalign(&p, 64, 64) != 0) return 1;  // <- alloc
    FAULT(delete static_cast<long *>(p), free(p));  // <- check
}
