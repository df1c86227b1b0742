// finds: read-underflow   mode: start
// text: 4 bytes before the start of a 12-byte object
#include "fault.h"
#include <vector>

int main() {
    std::vector<int> v = {1, 2, 3};  // <- alloc
    volatile int *p = v.data();
    sink = p[FAULT(-1, 0)];  // <- access
}
