// A handler forks while the only thread is inside malloc: the locks that it holds there are not waited for.
// forms: preload static
// timeout: 30
#include "check.h"
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

static volatile int forks;

static void fork_now(int signal)
{
    (void)signal;
    int saved = errno;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    int status;
    if (child > 0)
        waitpid(child, &status, 0);
    forks = forks + 1;
    errno = saved;
}

int main(void)
{
    struct sigaction action = {.sa_handler = fork_now, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval every = {{0, 5000}, {0, 5000}};
    setitimer(ITIMER_REAL, &every, NULL);
    static void *slot[3000];
    uint64_t state = 7;
    while (forks < 200)
        for (int i = 0; i < 3000; i++) {
            free(slot[i]);
            slot[i] = malloc(next_random(&state) % 20000);
        }
    struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &never, NULL);
    validate_heap();
    return 0;
}
