// finds: heap-overflow   mode: 1
// text: 4 bytes written just past the end of a 40-byte object
// finds: write-overflow   mode: exact
#include "fault.h"
#include <vector>

int main() {
    std::vector<int> v(10);  // <- alloc
    volatile int *p = v.data();
    p[FAULT(10, 9)] = 1;  // <- access
}
