// finds: leak   mode: 1
// text: 48 bytes
// Nobody takes what the thread returned.
#include "fault.h"

static void *work(void *unused) {
    return malloc(48);  // <- alloc
}
static NOINLINE void run(void) {
    void *result = in_thread(work, NULL);
    sink = result != NULL;
    RIGHT(free(result);)
}
int main(void) {
    run();
    in_thread((void *(*)(void *))forget, NULL);
    forget();
}
