// A pointer with a bit set above the 47th is nobody's, though its other bits are those of a live object.
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: free of a pointer that was not allocated: 0x1
#include "check.h"

int main(void)
{
    void *object = malloc(100);
    free((void *)((uintptr_t)object | (uintptr_t)1 << 56));
    malloc(100);
    return 0;
}
