// finds: heap-overflow   mode: 1
// text: 2 bytes written just past the end of a 26-byte object
// finds: write-overflow   mode: exact
#include "fault.h"
#include <memory>

int main() {
    auto p = std::make_unique<short[]>(13);  // <- alloc
    volatile short *q = p.get();
    q[FAULT(13, 12)] = 1;  // <- access
}
