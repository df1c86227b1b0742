// finds: mismatched-free   mode: 1
// text: operator new\[\].*operator delete
#include "fault.h"

static void *finish(void *p) {
    FAULT(delete (char *)p, delete[] (char *)p);  // <- check
    return nullptr;
}
int main() { in_thread(finish, new char[100]); }  // <- alloc
