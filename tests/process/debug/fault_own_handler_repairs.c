// A handler that makes the page accessible and returns: the access is repeated, with all registers as they were.
//
// env: KSLAB_DEBUG=full
// variant: KSLAB_DEBUG=
// reject-stderr: .
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "check.h"

#if !defined(__x86_64__)
int main(void) { skip("written for x86-64"); }
#else

static char *page;
static volatile int faults;

static void repair(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    faults++;
    CHECK((uintptr_t)info->si_addr / 4096 == (uintptr_t)page / 4096);
    CHECK(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
    // Writes what a careless reporter would leave as it was.
    __asm__ volatile("pxor %%xmm0, %%xmm0\n\tpxor %%xmm7, %%xmm7" ::: "xmm0", "xmm7");
    errno = ENOTTY;
}

int main(void)
{
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction action = {.sa_sigaction = repair, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    for (int i = 0; i < 1000; i++) {
        CHECK(mprotect(page, 4096, PROT_NONE) == 0);
        uint64_t a = 1, b = 2, c = 3, x;
        __asm__ volatile("movq %[in], %%xmm7\n\t"
                         "movb $9, 5(%[page])\n\t"
                         "movq %%xmm7, %[x]"
                         : "+r"(a), "+r"(b), "+r"(c), [x] "=r"(x)
                         : [page] "r"(page), [in] "r"(0x1122334455667788)
                         : "xmm7", "memory");
        CHECK(a == 1 && b == 2 && c == 3 && x == 0x1122334455667788 && page[5] == 9);
    }
    CHECK(faults == 1000);
    return 0;
}
#endif
