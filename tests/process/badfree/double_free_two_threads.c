// Two threads free the same object, each once: found at the end of the second at the latest.
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*double free.*0x[0-9a-f]+|^kslab: .*0x[0-9a-f]+.*double free
#include "check.h"
#include <pthread.h>

static void *release(void *p)
{
    free(p);
    return NULL;
}

int main(void)
{
    void *p = malloc(100);
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, release, p) == 0);
        pthread_join(thread, NULL);
    }
    return 0;
}
