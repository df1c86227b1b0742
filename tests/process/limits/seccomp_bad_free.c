// A bad free inside of such a sandbox is still reported and still ends the process, though abort's
// own calls are refused.
// forms: preload static
// expect-stderr: ^kslab: .*0x[0-9a-f]+
#include "check.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ALLOW(name) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

int main(void)
{
    pid_t child = fork();
    if (child == 0) {
        void *p = malloc(1 << 20);
        struct sock_filter filter[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            ALLOW(mmap), ALLOW(munmap), ALLOW(brk), ALLOW(futex), ALLOW(write), ALLOW(madvise),
            ALLOW(mremap), ALLOW(exit_group),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        };
        struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
            _exit(77);
        free(p);
        free(hide(p));
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip("no seccomp filters here");
    CHECK_SAY(WIFSIGNALED(status) || WEXITSTATUS(status) != 0, "status %x", (unsigned)status);
    return 0;
}
