// What static, thread-local, stack, thread-specific, mapped and shared memory lead to is no leak.
// env: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=full
// variant: KSLAB_DEBUG=FZPUQL,kmalloc-16
// reject-stderr: BUG
#include "leak.h"

#include <alloca.h>
#include <pthread.h>
#include <sys/mman.h>

static __thread void *local;
static pthread_key_t keys[100];
static pthread_barrier_t ready, done;
static void *volatile constant_table[2];

// All that a running thread holds.
static void *hold(void *unused)
{
    local = reveal(new_hidden(16));
    pthread_setspecific(keys[1], reveal(new_hidden(17)));
    pthread_setspecific(keys[90], reveal(new_hidden(18)));
    void *volatile *own = alloca(100000);
    own[5000] = reveal(new_hidden(19));
    wipe_stack();
    pthread_barrier_wait(&ready);
    pthread_barrier_wait(&done);
    CHECK(own[5000] != NULL && local != NULL);
    free(own[5000]);
    free(local);
    return unused;
}

static void **map(int flags)
{
    void **memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    memory[70000] = reveal(new_hidden(20));
    return memory;
}

int main(void)
{
    for (int i = 0; i < 100; i++)
        CHECK(pthread_key_create(&keys[i], free) == 0);
    pthread_barrier_init(&ready, NULL, 2);
    pthread_barrier_init(&done, NULL, 2);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, hold, NULL) == 0);
    pthread_barrier_wait(&ready);
    constant_table[1] = reveal(new_hidden(21));
    local = reveal(new_hidden(22));
    map(MAP_PRIVATE);
    map(MAP_SHARED);
    CHECK(mprotect(map(MAP_PRIVATE), 1 << 20, PROT_READ) == 0);
    CHECK(leaks_now() == 0);
    pthread_barrier_wait(&done);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(constant_table[1] != NULL && local != NULL);
    CHECK(leaks_now() == 0);
    return 0;
}
