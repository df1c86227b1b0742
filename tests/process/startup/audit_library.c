// Under LD_AUDIT the loader keeps a second libc in a namespace of its own, which starts before ours.
#include "check.h"
#include <sys/wait.h>

int main(int argc, char **argv)
{
    if (argc > 1) {
        CHECK(getenv("AUDITED"));
        for (size_t size = 1; size < 10000000; size *= 3)
            free(realloc(malloc(size), size * 2));
        free(strdup("text"));
        validate_heap();
        return 3;
    }
    CHECK(getenv("TEST_SO"));
    pid_t child = fork();
    if (child == 0) {
        setenv("LD_AUDIT", getenv("TEST_SO"), 1);
        setenv("AUDITED", "1", 1);
        execl("/proc/self/exe", argv[0], "inner", (char *)NULL);
        _exit(9);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_SAY(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %x", (unsigned)status);
    return 0;
}
