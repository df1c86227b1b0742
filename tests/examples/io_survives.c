/* An I/O path that survives being out of memory.
 *
 *   cc -o io_survives io_survives.c $(pkg-config --cflags --libs kslab-api)
 *   ./io_survives                              memory enough
 *   KSLAB_LIMIT=24M ./io_survives              the program eats all there is, and writes nevertheless
 *   KSLAB_FAIL=cache:io-request,nth:9,times:-1 ./io_survives       no request but those of the reserve
 *
 * Producers write records: each takes a buffer and a request from a mempool, and hands it to a writer thread, which
 * writes the buffer to a file and frees both. The last thing a program does when memory is short is often to write
 * out what it holds, so that memory becomes free: this must not itself need memory that cannot be had. The reserves of
 * the pools see to that; a producer that finds them empty waits until the writer is done with an earlier record.
 *
 * Exit status 0: every record arrived, in full.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kslab/kmalloc.h>
#include <kslab/kmem_cache.h>
#include <kslab/mempool.h>

enum { PRODUCERS = 4, EACH = 1000, RECORDS = PRODUCERS * EACH, BUFFER = 4096, RESERVE = 8 };

struct request {
    struct request *next;
    char *buffer;
    int record;
};

static mempool_t *requests, *buffers;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static struct request *first, **last = &first;
static int file;
static long waits;

/* One of a pool. Counts those for which it had to wait. */
static void *take(mempool_t *pool)
{
    void *element = mempool_alloc(pool, GFP_NOWAIT);

    if (element)
        return element;
    __atomic_fetch_add(&waits, 1, __ATOMIC_RELAXED);
    return mempool_alloc(pool, GFP_NOIO); /* never null */
}

static void fill(char *buffer, int record)
{
    memset(buffer, 'a' + record % 26, BUFFER);
    snprintf(buffer, BUFFER, "record %d", record);
}

static void *produce(void *number)
{
    int begin = *(int *)number * EACH;

    for (int record = begin; record < begin + EACH; record++) {
        /* Always in this order, so that nobody holds a buffer and waits for a request while another does the reverse. */
        struct request *request = take(requests);

        request->buffer = take(buffers);
        request->record = record;
        request->next = NULL;
        fill(request->buffer, record);
        pthread_mutex_lock(&lock);
        *last = request;
        last = &request->next;
        pthread_cond_signal(&not_empty);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static struct request *next_request(void)
{
    pthread_mutex_lock(&lock);
    while (!first)
        pthread_cond_wait(&not_empty, &lock);
    struct request *request = first;
    first = request->next;
    if (!first)
        last = &first;
    pthread_mutex_unlock(&lock);
    return request;
}

static void *write_all(void *unused)
{
    for (int written = 0; written < RECORDS; written++) {
        struct request *request = next_request();

        if (pwrite(file, request->buffer, BUFFER, (off_t)request->record * BUFFER) != BUFFER) {
            perror("io_survives: pwrite");
            exit(1);
        }
        mempool_free(request->buffer, buffers);
        mempool_free(request, requests);
    }
    return unused;
}

/* Takes all memory that KSLAB_LIMIT leaves. How much it was. */
static size_t eat_memory(void)
{
    size_t eaten = 0;
    static void *all; /* a list, so that it is clear whose it is */

    for (size_t size = 65536; size >= 16; size /= 2)
        for (void **piece; (piece = kmalloc(size, GFP_NOWAIT)); all = piece) {
            *piece = all;
            eaten += size;
        }
    return eaten;
}

static int arrived(int record)
{
    char wanted[BUFFER], found[BUFFER];

    fill(wanted, record);
    return pread(file, found, BUFFER, (off_t)record * BUFFER) == BUFFER && !memcmp(wanted, found, BUFFER);
}

int main(void)
{
    struct kmem_cache *cache = kmem_cache_create("io-request", sizeof(struct request), 0, 0, NULL);
    char name[] = "/tmp/io_survives-XXXXXX";
    pthread_t producer[PRODUCERS], writer;
    int number[PRODUCERS], good = 0;

    requests = mempool_create_slab_pool(RESERVE, cache);
    buffers = mempool_create_page_pool(RESERVE, 0);
    file = mkstemp(name);
    if (!requests || !buffers || file < 0) {
        perror("io_survives");
        return 1;
    }
    unlink(name);

    if (getenv("KSLAB_LIMIT"))
        printf("ate %zu KiB: memory is out\n", eat_memory() >> 10);
    pthread_create(&writer, NULL, write_all, NULL);
    for (int i = 0; i < PRODUCERS; i++) {
        number[i] = i;
        pthread_create(&producer[i], NULL, produce, &number[i]);
    }
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(producer[i], NULL);
    pthread_join(writer, NULL);

    for (int record = 0; record < RECORDS; record++)
        good += arrived(record);
    printf("%d of %d records arrived; producers waited %ld times for an element\n", good, RECORDS, waits);
    mempool_destroy(requests);
    mempool_destroy(buffers);
    kmem_cache_destroy(cache);
    return good == RECORDS ? 0 : 1;
}
