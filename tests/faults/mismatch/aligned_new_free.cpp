// finds: mismatched-free   mode: 1
#include "fault.h"
#include <new>

int main() {
    void *p = operator new(100, std::align_val_t(128));  // <- alloc
    FAULT(free(p), operator delete(p, std::align_val_t(128)));  // <- check
}
