// finds: heap-underflow   mode: 1
// text: 1 byte written just before the start of a 6-byte object
// finds: write-underflow   mode: start
// A line of nothing but blanks: the loop that cuts them off runs past its start.
#include "fault.h"

int main(void) {
    char *p = strdup("     ");  // <- alloc
    char *end = p + strlen(p);
    while (end > p && end[-1] == ' ') end--;
    end[FAULT(-1, 0)] = '\0';  // <- access
    free(p);  // <- check
}
