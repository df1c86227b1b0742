// atfork handlers that allocate and free in prepare, parent and child, some registered before the
// library's own (from preinit_array) and some after it, while other threads allocate.
// forms: preload static
// timeout: 60
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>

static int prepared, in_parent, in_child, stop;
static void *carried;

static void some_work(void)
{
    void *p[50];
    for (int i = 0; i < 50; i++)
        CHECK((p[i] = malloc((size_t)i * 200 + 1)));
    free(realloc(malloc(10), 200000));
    for (int i = 0; i < 50; i++)
        free(p[i]);
}

static void prepare(void)
{
    prepared++;
    some_work();
    free(carried);
    carried = malloc(5000);
}

static void parent(void) { in_parent++, some_work(), free(carried), carried = NULL; }
static void child(void) { in_child++, some_work(), free(carried), carried = NULL; }

static void register_handlers(void) { CHECK(pthread_atfork(prepare, parent, child) == 0); }

__attribute__((section(".preinit_array"), used)) static void (*before_all)(void) = register_handlers;
__attribute__((constructor(101))) static void early(void) { register_handlers(); }

static void *hammer(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        some_work();
    return unused;
}

int main(void)
{
    register_handlers();
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&thread[i], NULL, hammer, NULL) == 0);
    for (int round = 1; round <= 100; round++) {
        alarm(20);
        pid_t pid = fork();
        if (pid == 0) {
            alarm(10);
            CHECK(prepared == 3 * round && in_child == 3);
            some_work();
            _exit(3);
        }
        CHECK(in_parent == 3 * round);
        int status;
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK_SAY(WIFEXITED(status) && WEXITSTATUS(status) == 3, "round %d: status %x", round, (unsigned)status);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    validate_heap();
    return 0;
}
