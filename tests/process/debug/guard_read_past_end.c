// A read behind an object is found when it happens: at the guard page, which comes up to 15 bytes after the end.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=full
// expect-stderr: ^BUG kmalloc-48 \(process-guard_read_past_end.*Out-of-bounds read
// expect-stderr: ^heap overflow: a read 8 bytes past the end of a 40-byte object
// expect-stderr: ^allocated by thread .* with malloc\(40\)
#include "check.h"

int main(void)
{
    volatile char *object = hide(malloc(40));
    CHECK(object != NULL && (uintptr_t)object % 16 == 0);
    object[39] = 1;
    return object[48];
}
