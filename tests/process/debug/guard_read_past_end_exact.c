// KSLAB_GUARD=exact: the very first byte behind the object is the guard page.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=full KSLAB_GUARD=exact
// expect-stderr: ^BUG .*Out-of-bounds read
// expect-stderr: ^heap overflow: a read just past the end of a 13-byte object|a read 0 bytes past the end of a 13-byte
#include "check.h"

int main(void)
{
    void *aligned;
    CHECK(posix_memalign(&aligned, 64, 13) == 0 && (uintptr_t)aligned % 64 == 0);
    volatile char *object = hide(malloc(13));
    object[12] = 1;
    return object[13];
}
