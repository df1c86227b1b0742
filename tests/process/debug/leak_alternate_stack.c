// Alternate signal stacks that only the kernel knows, of the first thread and of another, are not lost; one that is given up is, and
// that of a thread that ended.
// env: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=full
// expect-stderr: memory leak: 30000 bytes in 1 object that nothing points to$
// expect-stderr: memory leak: 50000 bytes in 1 object that nothing points to$
// expect-stderr: memory leak: 60000 bytes in 1 object that nothing points to$
// reject-stderr: memory leak: [247]0000
// link: -lpthread
#include "leak.h"

#include <pthread.h>
#include <signal.h>

static void use_alternate_stack(disguised hidden, size_t size)
{
    stack_t stack = {.ss_sp = reveal(hidden), .ss_size = size};
    CHECK(sigaltstack(&stack, NULL) == 0);
    stack_t now = {0};
    CHECK(sigaltstack(NULL, &now) == 0 && now.ss_sp == stack.ss_sp && now.ss_size == size);
    stack.ss_sp = now.ss_sp = NULL;
    wipe_stack();
}

static void *end(void *unused)
{
    use_alternate_stack(new_hidden(60000), 60000);
    return unused;
}

static pthread_barrier_t ready, done;

static void *work(void *unused)
{
    use_alternate_stack(new_hidden(40000), 40000);
    pthread_barrier_wait(&ready);
    pthread_barrier_wait(&done);
    return unused;
}

int main(void)
{
    pthread_t thread;
    stack_t small = {.ss_sp = &small, .ss_size = 1};
    CHECK(sigaltstack(&small, NULL) == -1 && errno == ENOMEM);
    use_alternate_stack(new_hidden(50000), 50000);
    stack_t given_up = {.ss_flags = SS_DISABLE};
    stack_t *volatile same = &given_up;
    CHECK(sigaltstack(&given_up, same) == 0 && given_up.ss_size == 50000);
    given_up.ss_sp = NULL;
    use_alternate_stack(new_hidden(20000), 20000);
    CHECK(pthread_create(&thread, NULL, end, NULL) == 0 && pthread_join(thread, NULL) == 0);
    // One object for what is set and what was.
    disguised next = new_hidden(70000);
    stack_t both = {.ss_sp = reveal(next), .ss_size = 70000};
    same = &both;
    CHECK(sigaltstack(&both, same) == 0 && both.ss_size == 20000);
    free(both.ss_sp);
    both.ss_sp = NULL;
    pthread_barrier_init(&ready, NULL, 2);
    pthread_barrier_init(&done, NULL, 2);
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    pthread_barrier_wait(&ready);
    new_hidden(30000);
    memset(&both, 0, sizeof both);
    wipe_stack();
    return 0;
}
