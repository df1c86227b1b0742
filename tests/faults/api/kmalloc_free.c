// finds: mismatched-free   mode: 1
// form: linked
#include "fault.h"
#include <kslab/kmalloc.h>

int main(void) {
    void *p = kmalloc(200, GFP_KERNEL);  // <- alloc
    FAULT(free(p), kfree(p));  // <- check
}
