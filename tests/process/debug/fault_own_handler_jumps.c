// A program whose handler of SIGSEGV jumps back, as interpreters and compilers have: a thousand faults, on the
// thread's stack and on an alternate one, and nothing is reported.
//
// env: KSLAB_DEBUG=full
// variant: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=
// variant: KSLAB_DEBUG= KSLAB_SAMPLE_GUARD=100
// reject-stderr: .
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include "check.h"

static __thread sigjmp_buf back;
static __thread volatile char *expected;
static __thread stack_t alternate;
static char *protected_page;

static int on_alternate(const void *local)
{
    const char *base = alternate.ss_sp;
    return base != NULL && (const char *)local >= base && (const char *)local < base + alternate.ss_size;
}

static void handler(int number, siginfo_t *info, void *context)
{
    CHECK(number == SIGSEGV && context != NULL);
    CHECK(info->si_addr == (void *)expected && info->si_code == SEGV_ACCERR);
    CHECK(on_alternate(&info) == (alternate.ss_sp != NULL));
    sigset_t mask;
    CHECK(sigprocmask(SIG_SETMASK, NULL, &mask) == 0);
    CHECK(sigismember(&mask, SIGSEGV) && sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGUSR2));
    siglongjmp(back, 1);
}

static void fault_often(void)
{
    volatile int count = 0;
    for (int i = 0; i < 1000; i++) {
        char *object = malloc(100);
        if (sigsetjmp(back, 1) == 0) {
            expected = protected_page + i;
            *expected = 1;
            CHECK(!"reached");
        }
        count++;
        free(object);
        sigset_t mask;
        CHECK(sigprocmask(SIG_SETMASK, NULL, &mask) == 0);
        CHECK(!sigismember(&mask, SIGSEGV) && !sigismember(&mask, SIGUSR1));
    }
    CHECK(count == 1000);
}

static void *thread_body(void *unused)
{
    static __thread char memory[16384];
    alternate = (stack_t){.ss_sp = memory, .ss_size = sizeof memory};
    CHECK(sigaltstack(&alternate, NULL) == 0);
    fault_often();
    return unused;
}

int main(void)
{
    protected_page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(protected_page != MAP_FAILED);
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGUSR1);
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    fault_often();
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, thread_body, NULL) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    thread_body(NULL);
    return 0;
}
