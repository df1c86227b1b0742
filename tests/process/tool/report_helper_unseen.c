// The helper that finds lines for a report leaves no trace: no SIGCHLD, no child to wait for, no descriptor.
// env: KSLAB_DEBUG=1
// expect-stderr: ^BUG kmalloc-48 .*Right Redzone overwritten
// expect-stderr: #[0-9]+ main +report_helper_unseen.c:2[0-9] +\(
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "check.h"

static volatile sig_atomic_t seen;
static void on_child(int signal) { (void)signal; seen++; }

int main(void)
{
    signal(SIGCHLD, on_child);
    char* volatile p = malloc(40);
    p[40] = 0;
    free(p);
    CHECK(seen == 0);
    CHECK(waitpid(-1, NULL, __WALL) == -1 && errno == ECHILD);
    DIR* open_files = opendir("/proc/self/fd");
    size_t count = 0;
    while (readdir(open_files) != NULL) count++;
    CHECK(count == 2 + 4);  // . and .., standard ones, the directory
    closedir(open_files);
    return 0;
}
