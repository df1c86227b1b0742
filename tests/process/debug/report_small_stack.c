// Findings in a thread with the smallest stack, and in a signal handler on the smallest alternate stack: the reports
// are made in static memory.
// env: KSLAB_DEBUG=FZPUQ
// expect-stderr: ^heap overflow: 1 byte written just past the end of a 40-byte object$
// expect-stderr: ^heap overflow: 1 byte written just past the end of a 50-byte object$
// expect-stderr: ^double free: free\(\) of a 60-byte object that was freed
#include "check.h"
#include <limits.h>
#include <pthread.h>
#include <signal.h>

static void overflow(size_t size)
{
    char *p = malloc(size);
    ((volatile char *)p)[size] = 0;
    free(p);
}

static void *in_thread(void *unused)
{
    overflow(40);
    return unused;
}

static void on_signal(int signal_number)
{
    (void)signal_number;
    overflow(50);
    char *p = malloc(60);
    free(p);
    free(hide(p));
}

int main(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    CHECK(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN) == 0);
    CHECK(pthread_create(&thread, &attributes, in_thread, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);

    static char stack[16384];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    CHECK(sigaltstack(&alternate, NULL) == 0);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    raise(SIGUSR1);
    return 0;
}
