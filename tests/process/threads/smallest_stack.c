// Every path runs on a thread with the smallest stack that the system allows.
// forms: preload static
#include "check.h"
#include <pthread.h>

static void *body(void *unused)
{
    void *p[30];
    for (size_t size = 1; size < 100000000; size = size * 3 + 1) {
        for (int i = 0; i < 30; i++)
            p[i] = size < 100000 || i < 2 ? malloc(size) : NULL;
        for (int i = 0; i < 30; i++)
            free(p[i]);
        free(calloc(1, size));
        free(realloc(malloc(size), size * 2));
        free(memalign(4096, size));
    }
    malloc_trim(0);
    mallinfo2();
    return unused;
}

int main(void)
{
    body(NULL); // so that the program's own calls are bound: the loader needs stack for that, too
    pthread_attr_t small;
    pthread_attr_init(&small);
    CHECK(pthread_attr_setstacksize(&small, (size_t)sysconf(_SC_THREAD_STACK_MIN)) == 0);
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, &small, body, NULL) == 0);
        pthread_join(thread, NULL);
    }
    validate_heap();
    return 0;
}
