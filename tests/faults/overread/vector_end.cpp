// finds: read-overflow   mode: exact
// text: past the end of a 12-byte object
// label: quick
#include "fault.h"
#include <vector>

int main() {
    std::vector<int> v = {1, 2, 3};  // <- alloc
    auto it = v.end();
    RIGHT(--it;)
    sink = *const_cast<volatile int *>(&*it);  // <- access
}
