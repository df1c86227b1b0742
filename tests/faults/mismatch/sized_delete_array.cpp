// finds: wrong-size   mode: 1
#include "fault.h"
#include <new>

int main() {
    void *p = operator new[](5000);  // <- alloc
    operator delete[](p, FAULT(size_t{50000}, size_t{5000}));  // <- check
}
