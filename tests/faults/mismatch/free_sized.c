// finds: wrong-size   mode: 1
// needs: kslab
#include "fault.h"

void free_sized(void *p, size_t size);
int main(void) {
    void *p = malloc(100);  // <- alloc
    free_sized(p, FAULT(96, 100));  // <- check
}
