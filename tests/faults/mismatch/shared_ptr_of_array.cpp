// finds: mismatched-free   mode: 1
// text: operator new\[\].*operator delete
#include "fault.h"
#include <memory>

int main() {
    std::shared_ptr<FAULT(int, int[])> p(new int[6]);  // <- alloc
}
