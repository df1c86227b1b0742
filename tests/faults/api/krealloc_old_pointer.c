// finds: write-after-free   mode: 1
// form: linked
#include "fault.h"
#include <kslab/kmalloc.h>

int main(void) {
    char *p = kmalloc(40, GFP_KERNEL);  // <- alloc
    char *q = krealloc(p, 4000, GFP_KERNEL);  // <- free
    *FAULT(p, q) = 1;
    kfree(q);
}
