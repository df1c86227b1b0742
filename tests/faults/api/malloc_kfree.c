// finds: mismatched-free   mode: 1
// form: linked
#include "fault.h"
#include <kslab/kmalloc.h>

int main(void) {
    void *p = malloc(200);  // <- alloc
    FAULT(kfree(p), free(p));  // <- check
}
