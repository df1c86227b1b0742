// Where ptrace is forbidden threads run on while the heap is scanned; leaks are found all the same, and reports say
// what was not looked at.
// env: KSLAB_DEBUG=1
// expect-stderr: memory leak: 100 bytes in 1 object
// expect-stderr: pointers in their registers were not seen
// reject-stderr: memory leak: 101
#include "leak.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static int pipes[2];

static void *holder(void *unused)
{
    void *volatile held = reveal(new_hidden(101));
    char byte;
    CHECK(read(pipes[0], &byte, 1) == 1);
    free(held);
    return unused;
}

static void forbid_ptrace(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        skip("no seccomp");
}

int main(void)
{
    pthread_t thread;
    CHECK(pipe(pipes) == 0);
    forbid_ptrace();
    CHECK(pthread_create(&thread, NULL, holder, NULL) == 0);
    usleep(100000);
    CHECK(leaks_now() == 0);
    new_hidden(100);
    CHECK(leaks_now() == 1);
    CHECK(write(pipes[1], "x", 1) == 1);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
