// finds: wrong-size   mode: 1
#include "fault.h"
#include <new>

int main() {
    void *p = operator new(33);  // <- alloc
    operator delete(p, FAULT(size_t{32}, size_t{33}));  // <- check
}
