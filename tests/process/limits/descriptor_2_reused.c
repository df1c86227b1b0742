// A program closes descriptor 2, a data file becomes descriptor 2, and then there is a bad free: the
// file holds exactly what the program wrote, and the process still ends with SIGABRT.
// forms: preload static
// args: small
// args: large
// args: delayed
#include "check.h"
#include <signal.h>
#include <sys/wait.h>

static void misuse(const char *kind)
{
    size_t size = strcmp(kind, "large") ? 100 : 1 << 20;
    void *p = malloc(size), *q = malloc(size);
    free(p);
    if (!strcmp(kind, "delayed"))
        free(q);
    free(hide(p));
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    char path[] = "/tmp/descriptor_2.XXXXXX", text[100];
    int fd = mkstemp(path);
    CHECK(fd > 2 && unlink(path) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(2);
        if (dup(fd) != 2 || write(2, "DATA", 4) != 4)
            _exit(9);
        misuse(argv[1]);
        exit(0); // a delayed one is found here
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_SAY(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "status %x", (unsigned)status);
    ssize_t length = pread(fd, text, sizeof text, 0);
    CHECK_SAY(length == 4 && !memcmp(text, "DATA", 4), "the file holds %.*s", (int)length, text);
    return 0;
}
