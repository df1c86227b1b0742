// Threads are cancelled where libc blocks while it holds memory of ours; their cleanup frees it.
// forms: preload static
#include "check.h"
#include <pthread.h>

static void *body(void *unused)
{
    void *p = malloc(5000);
    pthread_cleanup_push(free, p);
    for (;;) {
        free(malloc(200));
        usleep(100000);
    }
    pthread_cleanup_pop(1);
    return unused;
}

int main(void)
{
    for (int round = 0; round < 20; round++) {
        pthread_t thread[20];
        for (int i = 0; i < 20; i++)
            CHECK(pthread_create(&thread[i], NULL, body, NULL) == 0);
        usleep(2000);
        for (int i = 0; i < 20; i++) {
            void *result;
            CHECK(pthread_cancel(thread[i]) == 0);
            CHECK(pthread_join(thread[i], &result) == 0 && result == PTHREAD_CANCELED);
        }
    }
    validate_heap();
    return 0;
}
