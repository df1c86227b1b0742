// finds: heap-overflow   mode: 1
// text: 4 bytes written just past the end of a 12-byte object
#include "fault.h"

int main(void) {
    char *p = malloc(12);  // <- alloc
    char *end = stpcpy(p, "directory");
    strcpy(end, FAULT("/.name", "/."));
    free(p);  // <- check
}
