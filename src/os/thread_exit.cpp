#include "os/thread_exit.h"

#include <errno.h>
#include <pthread.h>

namespace kslab {

namespace {
pthread_key_t key;
bool have_key;
}  // namespace

bool os_thread_exit_init(void (*function)(void*)) {
    have_key = pthread_key_create(&key, function) == 0;
    return have_key;
}

void os_thread_exit_arm(void* value) {
    if (!have_key) return;
    // From the 33rd key on libc allocates here; the thread's arrays are ready by then.
    int saved = errno;
    pthread_setspecific(key, value);
    errno = saved;
}

}  // namespace kslab
