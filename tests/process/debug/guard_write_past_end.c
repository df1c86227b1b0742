// A write behind an object is found when it happens, in whichever function it does.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=full
// args: store
// args: memset
// args: rep
// expect-stderr: ^BUG .*Out-of-bounds write
// expect-stderr: ^heap overflow: a write
// reject-stderr: ^BUG .*read
#include "check.h"

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    char *object = hide(malloc(4000));
    memset(object, 1, 4000);
    if (strcmp(argv[1], "store") == 0)
        ((volatile char *)object)[4000] = 1;
    else if (strcmp(argv[1], "memset") == 0)
        memset(object, 2, 4096);
    size_t count = 5000;
#if defined(__x86_64__)
    __asm__ volatile("rep stosb" : "+D"(object), "+c"(count) : "a"(3) : "memory");
#else
    memset(hide(object), 3, count);
#endif
    return 0;
}
