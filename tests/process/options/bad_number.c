// The same for a number that is none, is negative, or does not fit.
// forms: preload static
// args: 12x
// args: -5
// args: 99999999999999999999999
// args: K
#include "check.h"
#include <sys/wait.h>

int main(int argc, char **argv)
{
    CHECK(argc >= 2);
    if (!strcmp(argv[1], "inner")) {
        free(malloc(100));
        return 3;
    }
    int out[2];
    CHECK(pipe(out) == 0);
    pid_t child = fork();
    if (child == 0) {
        setenv("KSLAB_THREAD_CACHE", argv[1], 1);
        dup2(out[1], 2);
        execl("/proc/self/exe", argv[0], "inner", (char *)NULL);
        _exit(9);
    }
    close(out[1]);
    char text[2000];
    ssize_t length = 0, more;
    while ((more = read(out[0], text + length, sizeof text - 1 - (size_t)length)) > 0)
        length += more;
    text[length] = 0;
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    CHECK_SAY(!strncmp(text, "kslab: ", 7) && strstr(text, "KSLAB_THREAD_CACHE") && strstr(text, argv[1]),
              "it says: %s", text);
    CHECK_SAY(strchr(text, '\n') == text + length - 1, "more than one line: %s", text);
    return 0;
}
