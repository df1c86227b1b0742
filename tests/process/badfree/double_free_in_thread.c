// A delayed double free in a thread is found when the thread ends, before the process does.
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*double free.*0x[0-9a-f]+|^kslab: .*0x[0-9a-f]+.*double free
#include "check.h"
#include <pthread.h>

static void *twice(void *unused)
{
    void *p = malloc(100), *q = malloc(100);
    free(p);
    free(q);
    free(hide(p));
    return unused;
}

int main(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, twice, NULL) == 0);
    pthread_join(thread, NULL);
    _exit(0); // too late
}
