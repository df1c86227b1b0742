// Coreutils close standard output and standard error in a handler at exit; what is found after that is reported all
// the same, where standard error was. So is what a program finds while its descriptor 2 is a file of its own.
// env: KSLAB_DEBUG=1
// expect-stderr: ^memory leak: 12345 bytes in 1 object
// expect-stderr: ^heap overflow: 1 byte written just past the end of a 77-byte object$
// expect-stderr: ^SUMMARY .*: 1 error and 1 leak$
#include "check.h"

static void close_streams(void)
{
    fclose(stdout);
    fclose(stderr);
}

__attribute__((noinline)) static void leak(void)
{
    void *volatile p = malloc(12345);
    p = NULL;
    (void)p;
}

int main(void)
{
    atexit(close_streams);
    leak();
    int saved = dup(2);
    CHECK(saved > 2 && saved < 100);
    int null = open("/dev/null", O_WRONLY);
    dup2(null, 2);
    char *p = malloc(77);
    ((volatile char *)p)[77] = 0;
    free(p);
    dup2(saved, 2);
    close(saved);
    return 0;
}
