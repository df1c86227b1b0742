// A pool works in the child of a fork, whatever other threads were doing with it.
// forms: linked static
#include "check.h"
#include <kslab/mempool.h>
#include <pthread.h>
#include <sys/wait.h>

static mempool_t *pool;
static int stop;

static void *use(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        void *element = mempool_alloc(pool, GFP_KERNEL);
        CHECK(element);
        mempool_free(element, pool);
        CHECK(mempool_resize(pool, 3, GFP_KERNEL) == 0);
        CHECK(mempool_resize(pool, 4, GFP_KERNEL) == 0);
    }
    return NULL;
}

int main(void)
{
    CHECK((pool = mempool_create_kmalloc_pool(4, 300)));
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&thread[i], NULL, use, NULL) == 0);
    for (int i = 0; i < 25; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(20);
            mempool_t *another = mempool_create_page_pool(2, 1);
            for (int j = 0; j < 10; j++) {
                void *element = mempool_alloc(pool, GFP_KERNEL);
                CHECK(element);
                memset(element, 1, 300);
                mempool_free(element, pool);
            }
            mempool_destroy(another);
            mempool_destroy(pool);
            validate_heap();
            _exit(0);
        }
        int status = -1;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK_SAY(status == 0, "child %d ended with status %x", i, (unsigned)status);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    mempool_destroy(pool);
    validate_heap();
    return 0;
}
