// T: one line for each operation of the caches named, and none for others.
// forms: preload static
// env: KSLAB_DEBUG=T,kmalloc-48
// expect-stderr: ^TRACE kmalloc-48 alloc 0x[0-9a-f]+ malloc\(40\) requested 40 thread [0-9]+$
// expect-stderr: ^TRACE kmalloc-48 free 0x[0-9a-f]+ free\(\) requested 40 thread [0-9]+$
// expect-stderr: ^TRACE kmalloc-48 alloc 0x[0-9a-f]+ calloc\(48\) requested 48 thread [0-9]+$
// reject-stderr: ^TRACE (kmalloc-64|kmalloc-large)
// reject-stderr: ^TRACE .*memalign
#include "check.h"

int main(void)
{
    free(malloc(40));
    free(calloc(3, 16));
    free(malloc(60));
    free(malloc(1 << 20));
    return 0;
}
