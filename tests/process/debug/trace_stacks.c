// With U the line ends in who called.
// env: KSLAB_DEBUG=TU,kmalloc-48
// expect-stderr: ^TRACE kmalloc-48 alloc 0x[0-9a-f]+ malloc\(40\) requested 40 thread [0-9]+ by [^ ]*trace_stacks[^ ]*\+0x[0-9a-f]+
#include "check.h"

int main(void)
{
    free(malloc(40));
    return 0;
}
