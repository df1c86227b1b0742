// Faults that have nothing to do with the heap end the program as ever, without a word.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=full
// args: null
// args: code
// args: unmapped
// args: raised
// args: sent
// args: overflow
// reject-stderr: .
#include <signal.h>
#include <sys/mman.h>

#include "check.h"

static int deep(volatile char *above)
{
    volatile char frame[4096];
    frame[0] = above[0];
    return above == NULL ? 0 : deep(frame) + frame[1];
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    if (strcmp(argv[1], "null") == 0)
        return *(volatile int *)hide(NULL);
    if (strcmp(argv[1], "code") == 0)
        *(volatile char *)hide((void *)(uintptr_t)main) = 1;
    if (strcmp(argv[1], "raised") == 0)
        raise(SIGSEGV);
    if (strcmp(argv[1], "sent") == 0)
        kill(getpid(), SIGSEGV);
    if (strcmp(argv[1], "overflow") == 0)
        return deep(argv[1]);
    char *gone = mmap(NULL, 1 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(gone != MAP_FAILED && munmap(gone, 1 << 30) == 0);
    return gone[1 << 29];
}
