// finds: mismatched-free   mode: 1
// text: operator new\[\].*operator delete
#include "fault.h"
#include <memory>

int main() {
    std::unique_ptr<FAULT(char, char[])> p(new char[50]);  // <- alloc
}
