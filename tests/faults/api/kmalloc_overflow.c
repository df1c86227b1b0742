// finds: heap-overflow   mode: 1
// form: linked
// text: 4 bytes written just past the end of a 40-byte object
#include "fault.h"
#include <kslab/kmalloc.h>

int main(void) {
    int *p = kmalloc(40, GFP_KERNEL);  // <- alloc
    p[FAULT(10, 9)] = 1;
    kfree(p);  // <- check
}
