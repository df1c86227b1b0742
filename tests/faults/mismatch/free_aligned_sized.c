// finds: wrong-alignment   mode: 1
// needs: kslab
#include "fault.h"

void free_aligned_sized(void *p, size_t alignment, size_t size);
int main(void) {
    void *p = aligned_alloc(64, 128);  // <- alloc
    free_aligned_sized(p, FAULT(32, 64), 128);  // <- check
}
