// finds: (static|mapped|stack|invalid)-free   mode: 1
#include "fault.h"

static _Thread_local char buffer[64];
int main(void) {
    char *p = strcpy(buffer, "thread-local");
    free(FAULT(p, NULL));  // <- check
}
