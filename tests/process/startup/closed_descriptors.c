// A process that starts with descriptors 0, 1 and 2 closed works, and the library opens nothing
// that would then be taken for one of them.
#include "check.h"
#include <sys/wait.h>

int main(int argc, char **argv)
{
    if (argc > 1) {
        for (size_t size = 1; size < 10000000; size *= 2)
            free(malloc(size));
        malloc_trim(0);
        // The lowest free descriptor is 0: nobody took it.
        return open("/dev/null", O_RDONLY) == 0 ? 3 : 4;
    }
    pid_t child = fork();
    if (child == 0) {
        close(0), close(1), close(2);
        execl("/proc/self/exe", argv[0], "inner", (char *)NULL);
        _exit(9);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_SAY(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %x", (unsigned)status);
    return 0;
}
