// KSLAB_ON_ERROR=abort, and a handler that jumps out of SIGABRT: each bug aborts, and the heap goes on working for all
// threads.
// env: KSLAB_DEBUG=FZ KSLAB_ON_ERROR=abort KSLAB_LOG=/dev/null
// timeout: 60
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

#include "check.h"

static sigjmp_buf back;
static void jump(int signal) { siglongjmp(back, signal); }

static void *work(void *seed)
{
    unsigned s = (unsigned)(uintptr_t)seed;
    char *objects[256] = {0};
    for (int i = 0; i < 100000; i++) {
        s = s * 1103515245 + 12345;
        free(objects[s >> 8 & 255]);
        objects[s >> 8 & 255] = malloc(s >> 17 & 127);
    }
    for (int i = 0; i < 256; i++)
        free(objects[i]);
    return NULL;
}

int main(void)
{
    signal(SIGABRT, jump);
    for (volatile int i = 0; i < 100; i++) {
        char *object = hide(malloc(40));
        free(object);
        if (sigsetjmp(back, 1) == 0) {
            free(hide(object));
            CHECK(!"aborted");
        }
    }
    signal(SIGABRT, SIG_DFL);
    pthread_t threads[3];
    for (uintptr_t i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0);
    work((void *)7);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}
