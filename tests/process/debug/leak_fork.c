// A forked child reports what it allocated itself; what it inherited is its parent's affair, but what that leads to
// is in use.
// env: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=full
// expect-stderr: memory leak: 200 bytes in 1 object that nothing points to$
// reject-stderr: memory leak: (1|3)
#include "leak.h"

#include <pthread.h>
#include <sys/wait.h>

void **inherited;
void *lost_by_child;

static void *nothing(void *p) { return p; }

static void child(void)
{
    inherited[1] = reveal(new_hidden(300));
    lost_by_child = hide(NULL);
    CHECK(leaks_now() == 0);
    new_hidden(200);
    CHECK(leaks_now() == 1);
    _exit(0);
}

static void fork_child(void)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        child();
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(status == 0);
}

int main(void)
{
    inherited = reveal(new_hidden(100));
    lost_by_child = reveal(new_hidden(101));
    fork_child();
    // Once threads have run, fork takes locks.
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, nothing, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    fork_child();
    CHECK(leaks_now() == 0);
    return 0;
}
