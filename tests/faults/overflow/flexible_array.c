// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of an 18-byte object
// finds: write-overflow   mode: exact
#include "fault.h"

struct message { unsigned length; char text[]; };
int main(void) {
    struct message *m = malloc(sizeof *m + 14);  // <- alloc
    m->length = FAULT(15, 14);
    for (unsigned i = 0; i < m->length; i++)
        m->text[i] = 'x';  // <- access
    free(m);  // <- check
}
