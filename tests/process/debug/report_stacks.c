// A report says where the object was allocated, where it was freed, and who came too late: each with a stack whose
// frames name the file and the address in it, or function and line when the symboliser is there.
// env: KSLAB_DEBUG=FZPUQ
// variant: KSLAB_SYMBOLIZER=none
// expect-stderr: ^BUG .*: Object already free$
// expect-stderr: ^double free: free\(\) of a 40-byte object that was freed [0-9.]+ (ms|s) ago$
// expect-stderr: ^allocated by thread [0-9]+, [0-9.]+ (ms|s) ago, with malloc\(40\):$
// expect-stderr: ^freed by thread [0-9]+, [0-9.]+ (ms|s) ago, with free\(\):$
// expect-stderr: ^    #0 .*\(.*process-report_stacks-preload\+0x[0-9a-f]+\)
#include "check.h"

__attribute__((noinline)) static void *allocate(void) { return malloc(40); }
__attribute__((noinline)) static void release(void *p) { free(p); }

int main(void)
{
    void *p = allocate();
    release(p);
    release(hide(p));
    return 0;
}
