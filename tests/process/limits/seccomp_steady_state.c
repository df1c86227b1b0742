// After start-up the library gets by with mmap, munmap, mremap, madvise, brk, futex, write and exit:
// any other call kills the process here, as in sshd's or a browser's sandbox. Variants refuse
// madvise and mremap with an error: slower, but correct.
// forms: preload static
// args: all
// args: no-madvise
// args: no-mremap
// args: neither
#include "check.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ALLOW(name) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define ANSWER(name, action) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, action)

static void lock_up(int refuse_madvise, int refuse_mremap)
{
    unsigned madvise_action = refuse_madvise ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_ALLOW;
    unsigned mremap_action = refuse_mremap ? SECCOMP_RET_ERRNO | ENOSYS : SECCOMP_RET_ALLOW;
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(mmap), ALLOW(munmap), ALLOW(brk), ALLOW(futex), ALLOW(write), ALLOW(rt_sigreturn),
        ALLOW(exit), ALLOW(exit_group),
        ANSWER(madvise, madvise_action), ANSWER(mremap, mremap_action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        skip("no seccomp filters here");
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    int neither = !strcmp(argv[1], "neither");
    free(malloc(100));
    lock_up(neither || !strcmp(argv[1], "no-madvise"), neither || !strcmp(argv[1], "no-mremap"));

    enum { SLOTS = 500 };
    static unsigned char *slot[SLOTS];
    uint64_t state = 17;
    for (int step = 0; step < 200000; step++) {
        unsigned at = (unsigned)(next_random(&state) % SLOTS);
        size_t size = next_random(&state) % (step % 500 ? 3000 : 3000000) + 1;
        if (slot[at])
            CHECK(slot[at][0] == (unsigned char)at);
        if (step % 7 == 0) {
            free(slot[at]);
            slot[at] = calloc(1, size);
            CHECK(slot[at] && all_bytes_are(slot[at], 0, size));
        } else if (step % 3) {
            CHECK((slot[at] = realloc(slot[at], size)));
        } else {
            free(slot[at]);
            CHECK((slot[at] = malloc(size)));
        }
        memset(slot[at], (int)at, size);
        if (step % 20000 == 0)
            malloc_trim(0);
    }
    for (int i = 0; i < SLOTS; i++)
        free(slot[i]);
    validate_heap();
    return 0;
}
