// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
#include "fault.h"
#include <memory>

int main() {
    std::unique_ptr<long[]> p(new long[9]);  // <- alloc
    volatile long *raw = p.get();
    WRONG(p.reset();)  // <- free
    raw[4] = 1;  // <- access
}
