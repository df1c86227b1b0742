// finds: wrong-size   mode: 1
// text: 100.*40|40.*100
// label: quick
#include "fault.h"
#include <new>

int main() {
    void *p = operator new(100);  // <- alloc
    operator delete(p, FAULT(size_t{40}, size_t{100}));  // <- check
}
