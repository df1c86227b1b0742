// finds: read-after-free   mode: full
#include "fault.h"
#include <memory>

int main() {
    auto p = std::make_shared<long>(5);  // <- alloc
    volatile long *raw = p.get();
    WRONG(p.reset();)  // <- free
    sink = *raw;  // <- access
}
