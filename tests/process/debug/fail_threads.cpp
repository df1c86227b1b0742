// Threads share one count: exactly as many fail as may.
// env: KSLAB_FAIL=size:40,every:10,times:500
#include "check.h"

#include <pthread.h>

#include <atomic>

static std::atomic<int> failed;

static void *worker(void *)
{
    for (int i = 0; i < 5000; i++) {
        void *volatile p = malloc(40);
        if (p == nullptr) failed++;
        free(p);
    }
    return nullptr;
}

int main()
{
    pthread_t threads[4];
    for (pthread_t &t : threads) CHECK(pthread_create(&t, nullptr, worker, nullptr) == 0);
    for (pthread_t t : threads) pthread_join(t, nullptr);
    CHECK(failed == 500);
    return 0;
}
