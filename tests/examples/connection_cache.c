/* A cache of connections that are set up once: the constructor prepares the mutex and the buffer when a slab is made, not
 * each time a connection is taken. Whoever gives a connection back leaves it as the constructor did: unlocked, the
 * greeting in the buffer.
 *
 *   cc -o connection_cache connection_cache.c $(pkg-config --cflags --libs kslab-api)
 */
#include <kslab/kmem_cache.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define THREADS 2
#define ROUNDS 50000
#define AT_ONCE 20

static const char greeting[] = "220 ready when you are\r\n";

struct connection {
    pthread_mutex_t lock;
    int socket;
    size_t greeting_length;
    char buffer[400];
};

static struct kmem_cache *connections;
static unsigned long constructed;

/* For each object of a new slab, in whichever thread needed one. */
static void construct(void *memory)
{
    struct connection *c = memory;

    pthread_mutex_init(&c->lock, NULL);
    memset(c->buffer, 0, sizeof c->buffer);
    memcpy(c->buffer, greeting, sizeof greeting);
    c->greeting_length = sizeof greeting - 1;
    __atomic_add_fetch(&constructed, 1, __ATOMIC_RELAXED);
}

/* How many connections were not as the constructor left them. */
static long serve(struct connection *c, int socket)
{
    long wrong = pthread_mutex_trylock(&c->lock) != 0;

    wrong += c->greeting_length != sizeof greeting - 1 || memcmp(c->buffer, greeting, sizeof greeting) != 0;
    c->socket = socket; /* what differs from use to use is set at each use */
    c->buffer[0] = '5'; /* "520 ready ...": work on the buffer, */
    c->buffer[0] = '2'; /* and put it right again */
    pthread_mutex_unlock(&c->lock);
    return wrong;
}

static void *serve_many(void *unused)
{
    struct connection *open[AT_ONCE];
    long wrong = 0;
    int round, i;

    (void)unused;
    for (round = 0; round < ROUNDS; round++) {
        for (i = 0; i < AT_ONCE; i++) {
            open[i] = kmem_cache_alloc(connections, GFP_KERNEL);
            if (open[i] == NULL)
                return (void *)1L;
            wrong += serve(open[i], i);
        }
        for (i = 0; i < AT_ONCE; i++) {
            wrong += open[i]->socket != i;
            kmem_cache_free(connections, open[i]);
        }
    }
    return (void *)wrong;
}

int main(void)
{
    const unsigned long served = 1UL * THREADS * ROUNDS * AT_ONCE;
    pthread_t threads[THREADS];
    long wrong = 0;
    int i;

    connections = kmem_cache_create("connection", sizeof(struct connection), 0, SLAB_HWCACHE_ALIGN, construct);
    if (connections == NULL)
        return 1; /* standard error says why */
    for (i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, serve_many, NULL) != 0)
            return 1;
    for (i = 0; i < THREADS; i++) {
        void *result;

        pthread_join(threads[i], &result);
        wrong += (long)result;
    }
    kmem_cache_destroy(connections);

    printf("%lu connections served by %d threads, %lu constructed: one for %lu uses\n", served, THREADS, constructed,
           constructed == 0 ? 0 : served / constructed);
    if (wrong != 0)
        printf("%ld connections were not as their constructor left them\n", wrong);
    return wrong != 0 || constructed < AT_ONCE || constructed > served / 1000;
}
