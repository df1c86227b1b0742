// Handlers run on a small alternate stack of the heap while the main stack allocates.
// forms: preload static
#include "check.h"
#include <signal.h>
#include <sys/time.h>

static volatile sig_atomic_t ticks;

static void handler(int number)
{
    (void)number;
    ticks++;
}

int main(void)
{
    stack_t stack = {.ss_size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 4096};
    CHECK((stack.ss_sp = malloc(stack.ss_size)));
    CHECK(sigaltstack(&stack, NULL) == 0);
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK | SA_RESTART};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    struct itimerval period = {{0, 1000}, {0, 1000}};
    CHECK(setitimer(ITIMER_REAL, &period, NULL) == 0);
    uint64_t state = 3;
    double end = seconds_now() + 1;
    while (seconds_now() < end)
        free(malloc(next_random(&state) % 50000));
    CHECK(ticks > 50);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    stack.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&stack, NULL) == 0);
    free(stack.ss_sp);
    validate_heap();
    return 0;
}
