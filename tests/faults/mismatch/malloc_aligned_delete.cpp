// finds: (mismatched-free|wrong-alignment)   mode: 1
#include "fault.h"
#include <new>

int main() {
    void *p = aligned_alloc(64, 128);  // <- alloc
    FAULT(operator delete(p, std::align_val_t(64)), free(p));  // <- check
}
