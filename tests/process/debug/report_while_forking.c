// Threads report all the time while the program forks: the child can report too, and nobody waits for ever.
// env: KSLAB_DEBUG=FZP KSLAB_REPORT_LIMIT=1000000 KSLAB_SYMBOLIZER=none
// variant: KSLAB_LOG=/dev/null
// reject-stderr: ^(.+)BUG
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>

static volatile int stop;

static void overflow(size_t size)
{
    char *p = malloc(size);
    ((volatile char *)p)[size] = 0;
    free(p);
}

static void *reporter(void *unused)
{
    for (size_t i = 0; !stop; i++)
        overflow(i % 500 + 1);
    return unused;
}

int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, reporter, NULL) == 0);
    for (int i = 0; i < 50; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(20);
            overflow(40);
            _exit(0);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK_SAY(status == 0, "the child ended with status %x", (unsigned)status);
    }
    stop = 1;
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    return 0;
}
