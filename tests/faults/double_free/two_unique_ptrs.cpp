// finds: double-free   mode: 1
#include "fault.h"
#include <memory>

int main() {
    std::unique_ptr<int> a(new int(1));  // <- alloc
    std::unique_ptr<int> b(FAULT(a.get(), a.release()));
}
