// mallinfo2 in the child of a fork while other threads were in it.
#include <pthread.h>
#include <sys/wait.h>

#include "check.h"

static volatile int stop;

static void *ask(void *nothing)
{
    while (!stop)
        mallinfo2();
    return nothing;
}

int main(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, ask, NULL) == 0);
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(10);
            mallinfo2();
            _exit(0);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    stop = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}
