// Threads with the smallest stacks that pthread_create takes allocate and free while stacks are kept, and so does a
// signal handler on a stack of its own.
// env: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=U KSLAB_DEPTH=64
// reject-stderr: ^BUG
#define _GNU_SOURCE
#include "check.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>

static void *work(void *unused)
{
    for (int i = 0; i < 1000; i++)
        free(hide(malloc((size_t)(i % 300))));
    return unused;
}

static volatile sig_atomic_t handled;

static void handler(int number)
{
    (void)number;
    free(hide(malloc(50)));
    handled = 1;
}

int main(void)
{
    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN) == 0);
    for (int i = 0; i < 50; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, &attributes, work, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    static char space[16384];
    stack_t other = {.ss_sp = space, .ss_size = sizeof space};
    CHECK(sigaltstack(&other, NULL) == 0);
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    CHECK(raise(SIGUSR1) == 0);
    CHECK(handled);
    return 0;
}
