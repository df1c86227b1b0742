// finds: heap-overflow   mode: 1
// text: 8 bytes written just past the end of a 64-byte object
// finds: write-overflow   mode: full
#include "fault.h"

struct alignas(64) line { long word[8]; };
int main() {
    line *p = new line;  // <- alloc
    volatile long *word = p->word;
    word[FAULT(8, 7)] = 1;  // <- access
    delete p;  // <- check
}
