// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
// A reference to an element, after push_back has moved them all.
#include "fault.h"
#include <vector>

int main() {
    std::vector<int> v(10);  // <- alloc
    volatile int *first = &v[0];
    v.push_back(1);  // <- free
    RIGHT(first = &v[0];)
    *first = 7;  // <- access
}
