// Aligned blocks are freed by their own address; an address inside of one is a bad free.
// forms: preload static
// args: 64
// args: 4096
// args: 65536
// expect: signal ABRT
// expect-stderr: ^kslab: .*0x[0-9a-f]+
#include "check.h"

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    size_t alignment = strtoul(argv[1], NULL, 10);
    for (int i = 0; i < 50; i++) {
        void *p = memalign(alignment, 100 + (size_t)i * 50);
        CHECK(p);
        free(p);
    }
    char *p = memalign(alignment, 400000);
    CHECK(p);
    free(hide(p + 4096));
    _exit(0); // 400000 bytes are a big block: found at once
}
