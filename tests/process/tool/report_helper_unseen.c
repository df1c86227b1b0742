// The helper that finds lines for a report leaves no trace: no SIGCHLD, no child to wait for, no descriptor.
// env: KSLAB_DEBUG=1
// expect-stderr: ^BUG kmalloc-48 .*Right Redzone overwritten
// expect-stderr: #[0-9]+ main +report_helper_unseen.c:29 +\(
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "check.h"

static size_t open_descriptors(void)
{
    DIR* directory = opendir("/proc/self/fd");
    size_t count = 0;
    while (readdir(directory) != NULL) count++;
    closedir(directory);
    return count;
}

static volatile sig_atomic_t seen;
static void on_child(int signal) { (void)signal; seen++; }

int main(void)
{
    signal(SIGCHLD, on_child);
    free(hide(malloc(1)));  // libunwind, which keeps a pipe, is loaded with the program's first allocation
    size_t before = open_descriptors();
    char* volatile p = malloc(40);
    p[40] = 0;
    free(p);
    CHECK(seen == 0);
    CHECK(waitpid(-1, NULL, __WALL) == -1 && errno == ECHILD);
    CHECK(open_descriptors() == before);
    return 0;
}
