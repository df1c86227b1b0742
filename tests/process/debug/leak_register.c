// A pointer that only a register of another thread holds, running or asleep in the system, keeps its block alive.
// env: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=full
// expect-stderr: memory leak: 102 bytes in 1 object
// expect-stderr: SUMMARY .* and 1 leak$
#include "leak.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

#if !defined(__x86_64__)
int main(void) { skip("written for x86-64"); }
#else

static volatile int spinning;
static volatile int stop;
static int pipes[2];

static NOINLINE void spin_with(disguised d)
{
    __asm__ volatile(
        "mov %0, %%r12\n\t"
        "not %%r12\n\t"
        "movl $1, %1\n"
        "1: pause\n\t"
        "cmpl $0, %2\n\t"
        "je 1b\n\t"
        "xor %%r12d, %%r12d"
        :
        : "r"(d), "m"(spinning), "m"(stop)
        : "r12", "memory");
}

// In a system call all but three registers are kept.
static NOINLINE void sleep_with(disguised d)
{
    char byte;
    __asm__ volatile(
        "mov %0, %%r12\n\t"
        "not %%r12\n\t"
        "xor %%eax, %%eax\n\t"
        "syscall\n\t"
        "xor %%r12d, %%r12d"
        :
        : "r"(d), "D"((long)pipes[0]), "S"(&byte), "d"(1l)
        : "rax", "rcx", "r11", "r12", "memory");
}

static void *spin(void *unused)
{
    disguised d = new_hidden(100);
    wipe_stack();
    spin_with(d);
    free(reveal(d));
    return unused;
}

static void *sleeper(void *unused)
{
    disguised d = new_hidden(101);
    wipe_stack();
    sleep_with(d);
    free(reveal(d));
    return unused;
}

int main(void)
{
    pthread_t a, b;
    CHECK(pipe(pipes) == 0);
    CHECK(pthread_create(&a, NULL, spin, NULL) == 0);
    CHECK(pthread_create(&b, NULL, sleeper, NULL) == 0);
    while (!spinning)
        usleep(1000);
    usleep(200000);  // until the other one sleeps
    CHECK(leaks_now() == 0);
    new_hidden(102);
    CHECK(leaks_now() == 1);
    stop = 1;
    CHECK(write(pipes[1], "x", 1) == 1);
    CHECK(pthread_join(a, NULL) == 0);
    CHECK(pthread_join(b, NULL) == 0);
    return 0;
}
#endif
