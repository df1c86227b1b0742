// finds: (mismatched-free|wrong-alignment)   mode: 1
#include "fault.h"
#include <new>

int main() {
    void *p = operator new(100);  // <- alloc
    FAULT(operator delete(p, std::align_val_t(64)), operator delete(p));  // <- check
}
