// Detached threads that outlive main's last words: libc frees their stacks and thread blocks at any
// time, through our free.
// forms: preload static
#include "check.h"
#include <pthread.h>

static int running;

static void *body(void *unused)
{
    free(malloc(1000));
    free(malloc(100000));
    __atomic_fetch_sub(&running, 1, __ATOMIC_RELEASE);
    return unused;
}

int main(void)
{
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < 2000; i++) {
        pthread_t thread;
        while (__atomic_load_n(&running, __ATOMIC_ACQUIRE) > 50)
            usleep(100);
        __atomic_fetch_add(&running, 1, __ATOMIC_RELAXED);
        CHECK(pthread_create(&thread, &detached, body, NULL) == 0);
    }
    return 0;
}
