// A kernel that knows no MADV_GUARD_INSTALL, and one that refuses every madvise: mprotect does the same. A filter
// of system calls plays that kernel; the program starts itself anew under it.
//
// expect: signal SEGV
// env: KSLAB_DEBUG=full
// args: overflow old
// args: overflow refused
// expect-stderr: ^BUG .*Out-of-bounds read
// expect-stderr: ^allocated by thread
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "check.h"

static void install_filter(int from, int to)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (unsigned)from, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (unsigned)to, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        skip("no system call filters here");
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        int old = strcmp(argv[2], "old") == 0;
        install_filter(old ? 102 : 0, old ? 103 : 1000);
        char *arguments[] = {argv[0], argv[1], NULL};
        execv("/proc/self/exe", arguments);
        CHECK(!"exec");
    }
    // More than there may be mappings: what is too much gets redzones, and nothing fails.
    enum { kObjects = 60000 };
    static char *objects[kObjects];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < kObjects; i++) {
            objects[i] = malloc(1 + (size_t)i % 200);
            CHECK(objects[i] != NULL);
            memset(objects[i], i, 1 + (size_t)i % 200);
        }
        for (int i = 0; i < kObjects; i++) {
            CHECK(objects[i][0] == (char)i);
            free(objects[i]);
        }
    }
    volatile char *object = NULL;
    for (int i = 0; i < 100000 && object == NULL; i++) {
        char *candidate = hide(malloc(4096));
        memset(candidate, 1, 4096);
        object = candidate;
    }
    return object[4096];
}
