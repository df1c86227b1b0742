// finds: double-free   mode: 1
#include "fault.h"
#include <memory>

int main() {
    auto p = std::make_unique<int>(1);  // <- alloc
    delete FAULT(p.get(), p.release());  // <- free
}
