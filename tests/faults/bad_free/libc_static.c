// finds: static-free   mode: 1
// What strerror returns belongs to libc.
#include "fault.h"
#include <time.h>

int main(void) {
    struct tm *t = gmtime(&(time_t){0});
    free(FAULT(t, NULL));  // <- check
}
