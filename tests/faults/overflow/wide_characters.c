// finds: heap-overflow   mode: 1
// text: 4 bytes written just past the end of a 20-byte object
// finds: write-overflow   mode: exact
#include "fault.h"
#include <wchar.h>

int main(void) {
    wchar_t *p = malloc(5 * sizeof *p);  // <- alloc
    wcscpy(p, FAULT(L"fives", L"four"));  // <- access
    free(p);  // <- check
}
