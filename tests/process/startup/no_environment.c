// A process whose environment holds almost nothing, and odd entries, starts and allocates.
#include "check.h"
#include <sys/wait.h>

int main(int argc, char **argv)
{
    if (argc > 1) {
        CHECK(strcmp(argv[1], "inner") == 0);
        free(malloc(100));
        return 3;
    }
    const char *preload = getenv("LD_PRELOAD");
    static char setting[4096];
    snprintf(setting, sizeof setting, "LD_PRELOAD=%s", preload ? preload : "");
    pid_t child = fork();
    if (child == 0) {
        char *arguments[] = {argv[0], (char *)"inner", NULL};
        // Entries without '=' and empty ones are legal in an environment block.
        char *environment[] = {(char *)"", (char *)"odd", (char *)"=", preload ? setting : NULL, NULL};
        execve("/proc/self/exe", arguments, environment);
        _exit(9);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_SAY(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %x", (unsigned)status);
    return 0;
}
