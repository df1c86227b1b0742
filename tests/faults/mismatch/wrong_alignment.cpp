// finds: wrong-alignment   mode: 1
// Beyond memcheck of valgrind 3.19.
#include "fault.h"
#include <new>

int main() {
    void *p = operator new(256, std::align_val_t(64));  // <- alloc
    operator delete(p, std::align_val_t(FAULT(128, 64)));  // <- check
}
