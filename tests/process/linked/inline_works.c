// The inlined fast paths (kslab/inline.h) hand out and take back what the called functions do: objects mixed both ways,
// threads that begin and end, calls after a thread's arrays are gone, a child process, debugging.
// forms: api static static-pie
// cflags: -DKSLAB_INLINE
// variant: KSLAB_DEBUG=FZPU
// variant: KSLAB_STATS=1
// variant: KSLAB_NOMERGE=1 KSLAB_CLASSES=fine
// label: full
#include "check.h"
#include <kslab/kmalloc.h>
#include <kslab/kmem_cache.h>
#include <kslab/slabinfo.h>
#include <pthread.h>
#include <sys/wait.h>

enum { MANY = 3000, THREADS = 6 };

struct thing { struct thing *next; unsigned long tag; char rest[40]; };

static struct kmem_cache *things;
static struct kmem_cache *constructed;
static pthread_key_t late;

/* Not inlined: a pointer to the function is that of the called one. */
static void *(*volatile called_alloc)(struct kmem_cache *, gfp_t) = kmem_cache_alloc;
static void (*volatile called_free)(struct kmem_cache *, void *) = kmem_cache_free;
static void *(*volatile called_kmalloc)(size_t, gfp_t) = kmalloc;

static void construct(void *object) { ((struct thing *)object)->tag = 42; }

static void use(void) {
    struct thing *all = NULL;
    for (unsigned long i = 0; i < MANY; i++) {
        struct thing *one = i % 3 ? kmem_cache_alloc(things, GFP_KERNEL) : called_alloc(things, GFP_KERNEL);
        CHECK(one);
        memset(one, (int)i, sizeof *one);
        one->next = all;
        one->tag = i;
        all = one;
    }
    for (unsigned long i = MANY; i-- > 0;) {
        struct thing *one = all;
        CHECK(one->tag == i && one->rest[39] == (char)i);
        all = one->next;
        if (i % 5 || i < MANY / 2) kmem_cache_free(things, one); else called_free(things, one);
    }
    kmem_cache_free(things, NULL);
    for (int i = 0; i < MANY; i++) {
        struct thing *one = kmem_cache_alloc(constructed, GFP_KERNEL);
        CHECK(one && one->tag == 42);
        kmem_cache_free(constructed, one);
        one = kmem_cache_alloc(things, GFP_KERNEL | __GFP_ZERO);
        CHECK(one && all_bytes_are((unsigned char *)one, 0, sizeof *one));
        memset(one, 1, sizeof *one);
        kmem_cache_free(things, one);
    }
}

/* Constant sizes of every kind, and one that is not. */
#define SIZES(X) X(0) X(1) X(8) X(9) X(16) X(17) X(100) X(192) X(1000) X(8191) X(8192) X(8193) X(70000)
static void use_kmalloc(void) {
#define USE(size)                                                                                    \
    {                                                                                                \
        void *a = kmalloc(size, GFP_KERNEL), *b = called_kmalloc(size, GFP_KERNEL);                  \
        void *c = kmalloc(size, GFP_KERNEL | __GFP_ZERO), *d = kmalloc(size, GFP_DMA | GFP_KERNEL);  \
        CHECK(a && b && ksize(a) + 1 > (size) && ksize(a) == ksize(b));                                 \
        CHECK((size) == 0 || (a != b && all_bytes_are(c, 0, size) && (uintptr_t)d < 1ul << 31));     \
        if ((size) != 0) memset(a, 1, size), memset(b, 2, size), memset(c, 3, size);                        \
        kfree(a), kfree(b), kfree(c), kfree(d);                                                      \
    }
    for (int i = 0; i < 200; i++) { SIZES(USE) }
}

/* After the arrays are gone, and once more: pthread calls it in several rounds. */
static void last_words(void *round) {
    use();
    use_kmalloc();
    if ((uintptr_t)round < 3) pthread_setspecific(late, (char *)round + 1);
}

static void *thread(void *unused) {
    (void)unused;
    pthread_setspecific(late, (void *)1);
    use();
    return NULL;
}

int main(void) {
    use_kmalloc(); /* the first call of the process is an inlined one */
    things = kmem_cache_create("things", sizeof(struct thing), 0, 0, NULL);
    constructed = kmem_cache_create("constructed", sizeof(struct thing), 64, 0, construct);
    CHECK(things && constructed);
    CHECK(pthread_key_create(&late, last_words) == 0);
    use();
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, thread, NULL) == 0);
    pid_t child = fork();
    if (child == 0) {
        use();
        _exit(kslab_validate() == 0 ? 3 : 4);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 3);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    use_kmalloc();
    CHECK(kmem_cache_shrink(things) == 0 && kmem_cache_shrink(constructed) == 0);
    kmem_cache_destroy(things);
    kmem_cache_destroy(constructed);
    CHECK(kslab_validate() == 0);
    return 0;
}
