// A pointer, a function, an index from memory that nobody has written yet.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=1
// args: pointer
// args: function
// args: index
// expect-stderr: ^BUG .*Use of poison as pointer
// expect-stderr: was read from memory that nobody had written since malloc \(poison 0x5a\)
#include "check.h"

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    void **object = hide(malloc(100));
    static char table[10];
    if (strcmp(argv[1], "pointer") == 0)
        return **(volatile char **)object;
    if (strcmp(argv[1], "function") == 0)
        ((void (*)(void))object[2])();
    return *(volatile char *)((uintptr_t)hide(table) + ((uint64_t *)object)[5]);
}
