// Guards are there in the child of a fork, which frees and allocates as before.
//
// expect: exit 0
// env: KSLAB_DEBUG=full
// expect-stderr: ^BUG .*Use-after-free read
#include <signal.h>
#include <sys/wait.h>

#include "check.h"

int main(void)
{
    enum { kObjects = 1000 };
    static char *objects[kObjects];
    for (int i = 0; i < kObjects; i++)
        memset(objects[i] = hide(malloc(100)), i, 100);
    for (int i = 0; i < kObjects; i += 2)
        free(objects[i]);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        for (int i = 1; i < kObjects; i += 2) {
            CHECK(objects[i][99] == (char)i);
            free(objects[i]);
        }
        for (int i = 0; i < kObjects; i++)
            memset(hide(malloc(100)), i, 100);
        _exit(*(volatile char *)objects[10]);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    for (int i = 1; i < kObjects; i += 2) {
        CHECK(objects[i][99] == (char)i);
        free(objects[i]);
    }
    return 0;
}
