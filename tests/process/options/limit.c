// KSLAB_LIMIT makes allocations fail with ENOMEM beyond that much memory; what is freed can be had
// again. KSLAB_VERBOSE=1 says that the limit is met, once.
// forms: preload static
// env: KSLAB_LIMIT=50000001 KSLAB_VERBOSE=1
// expect-stderr: ^kslab: active
// expect-stderr: ^kslab: KSLAB_LIMIT is reached: allocations fail \(said once\)$
#include "check.h"

static size_t fill(size_t size)
{
    void *list = NULL;
    size_t total = 0;
    for (;;) {
        errno = 0;
        void **p = malloc(size);
        if (!p)
            break;
        *p = list;
        list = p;
        total += size;
        CHECK_SAY(total <= 60u << 20, "no limit in objects of %zu", size);
    }
    CHECK(errno == ENOMEM);
    while (list) {
        void *next = *(void **)list;
        free(list);
        list = next;
    }
    return total;
}

int main(void)
{
    for (int round = 0; round < 3; round++)
        for (size_t size = 64; size <= 1 << 20; size *= 4) {
            size_t total = fill(size);
            CHECK_SAY(total > 30u << 20, "round %d: %zu KiB in objects of %zu", round, total / 1024, size);
        }
    errno = 0;
    CHECK(!malloc(51 << 20) && errno == ENOMEM);
    validate_heap();
    return 0;
}
