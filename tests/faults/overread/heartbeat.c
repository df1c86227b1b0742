// finds: read-overflow   mode: exact
// text: past the end of a 22-byte object
// The length is what the peer said, not what came.
#include "fault.h"

struct packet { unsigned short length; char payload[]; };
int main(void) {
    static char reply[65536];
    struct packet *p = malloc(sizeof *p + 20);  // <- alloc
    memset(p->payload, 'p', 20);
    p->length = FAULT(16384, 20);
    memcpy(reply, p->payload, p->length);  // <- access
    free(p);
}
