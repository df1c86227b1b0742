// A library's own variables, thread-local ones too, are looked at; what it lost is reported.
// env: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=full
// expect-stderr: memory leak: 300 bytes in 1 object

#include "leak.h"

#include <dlfcn.h>
#include <pthread.h>

static int (*keep_and_lose)(void);
static int (*still_kept)(void);
static pthread_barrier_t barrier;

static void *waiter(void *unused)
{
    CHECK(keep_and_lose());
    wipe_stack();
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    CHECK(still_kept());
    return unused;
}

int main(void)
{
    void *library = dlopen(getenv("TEST_SO"), RTLD_NOW);
    CHECK(library != NULL);
    *(void **)&keep_and_lose = dlsym(library, "keep_and_lose");
    *(void **)&still_kept = dlsym(library, "still_kept");
    CHECK(keep_and_lose && still_kept);
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, waiter, NULL) == 0);
    pthread_barrier_wait(&barrier);
    CHECK(leaks_now() == 1);
    pthread_barrier_wait(&barrier);
    CHECK(pthread_join(thread, NULL) == 0);
    _exit(0);
}
