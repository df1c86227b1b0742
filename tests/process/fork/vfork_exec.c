// vfork, posix_spawn and system while threads allocate: the child borrows our memory until exec.
// forms: preload
#include "check.h"
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;
static int stop;

static void *hammer(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        void *p = malloc(100), *q = malloc(30000);
        free(p);
        free(q);
    }
    return unused;
}

static void expect_exit(pid_t child, int code)
{
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_SAY(WIFEXITED(status) && WEXITSTATUS(status) == code, "status %x", (unsigned)status);
}

int main(void)
{
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&thread[i], NULL, hammer, NULL) == 0);
    for (int round = 0; round < 40; round++) {
        pid_t child = vfork();
        if (child == 0) {
            execl("/bin/false", "false", (char *)NULL);
            _exit(9);
        }
        expect_exit(child, 1);
        char *arguments[] = {(char *)"sh", (char *)"-c", (char *)"exit 4", NULL};
        CHECK(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) == 0);
        expect_exit(child, 4);
        if (round % 8 == 0)
            CHECK(system("exit 5") == 5 << 8);
        FILE *stream = popen("echo text", "r");
        char line[10];
        CHECK(stream && fgets(line, sizeof line, stream) && !strcmp(line, "text\n"));
        CHECK(pclose(stream) == 0);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    validate_heap();
    return 0;
}
