// A signal that a thread gets while it is stopped for the scan reaches it afterwards, and the main thread may have
// ended.
// env: KSLAB_DEBUG=1
// reject-stderr: BUG
#include "leak.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

static atomic_long received, stop_sending, stop;
static pthread_t target;

static void count(int signal)
{
    (void)signal;
    received++;
}

static void *receiver(void *unused)
{
    while (!stop)
        ;
    return unused;
}

static void *sender(void *sent)
{
    while (!stop_sending) {
        long before = received;
        CHECK(pthread_kill(target, SIGUSR1) == 0);
        ++*(long *)sent;
        while (received == before)
            ;
    }
    return NULL;
}

static void *rest(void *unused)
{
    long sent = 0;
    pthread_t from;
    CHECK(pthread_create(&target, NULL, receiver, NULL) == 0);
    CHECK(pthread_create(&from, NULL, sender, &sent) == 0);
    usleep(50000);
    for (int i = 0; i < 100; i++)
        CHECK(leaks_now() == 0);
    // A thread that ends takes no signal any more, and the sender would wait for ever.
    stop_sending = 1;
    CHECK(pthread_join(from, NULL) == 0);
    stop = 1;
    CHECK(pthread_join(target, NULL) == 0);
    CHECK(received == sent);
    exit(0);
    return unused;
}

int main(void)
{
    pthread_t thread;
    signal(SIGUSR1, count);
    CHECK(pthread_create(&thread, NULL, rest, NULL) == 0);
    pthread_exit(NULL);
}
