// The child frees what threads of the parent allocated, and what they had in their arrays is not
// lost: children that fork on and on in a chain do not grow.
// forms: preload static
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>

enum { OBJECTS = 20000 };
static void *object[OBJECTS];

static void *allocate(void *unused)
{
    for (int i = 0; i < OBJECTS; i++)
        memset(object[i] = malloc((size_t)(i % 500) + 1), 1, (size_t)(i % 500) + 1);
    for (int i = 0; i < OBJECTS; i += 2)
        free(object[i]), object[i] = NULL;
    pause(); // alive in the parent, gone in the child
    return unused;
}

int main(void)
{
    pid_t first = getpid();
    size_t base = rss_kib();
    for (int generation = 0; generation < 12; generation++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, allocate, NULL) == 0);
        usleep(40000);
        pid_t child = fork();
        if (child) {
            int status;
            CHECK(waitpid(child, &status, 0) == child);
            CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
            if (getpid() == first)
                validate_heap();
            exit(0);
        }
        alarm(25);
        for (int i = 0; i < OBJECTS; i++)
            free(object[i]), object[i] = NULL;
        validate_heap();
    }
    size_t grown = rss_kib() - base;
    CHECK_SAY(grown < 24 * 1024, "%zu KiB more in the last child", grown);
    return 0;
}
