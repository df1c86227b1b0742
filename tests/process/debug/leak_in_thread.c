// What a thread that has ended lost is reported; what it left in the program's variables is not.
// env: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=full
// expect-stderr: memory leak: 100 bytes in 1 object that nothing points to$
// reject-stderr: memory leak: 200
#include "leak.h"

#include <pthread.h>

void *kept;

static void *work(void *unused)
{
    new_hidden(100);
    kept = reveal(new_hidden(200));
    wipe_stack();
    return unused;
}

int main(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    wipe_stack();
    return 0;
}
