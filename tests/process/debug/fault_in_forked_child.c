// A child that is forked while another thread reports a fault reports its own, at once.
// env: KSLAB_DEBUG=full KSLAB_LOG=/dev/null
// timeout: 60
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>

#include "check.h"

static __thread sigjmp_buf back;
static volatile int stop;
static void jump(int signal) { siglongjmp(back, signal); }

static void *fault(void *nothing)
{
    char *object = hide(malloc(50));
    free(hide(object));
    while (!stop) {
        if (sigsetjmp(back, 1) == 0)
            (void)*(volatile char *)object;
        usleep(100);
    }
    return nothing;
}

int main(void)
{
    struct sigaction action = {.sa_handler = jump};
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, fault, NULL) == 0);
    for (int i = 0; i < 30; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(5);
            char *object = hide(malloc(70));
            free(hide(object));
            if (sigsetjmp(back, 1) == 0)
                (void)*(volatile char *)object;
            _exit(0);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    _exit(0);
}
