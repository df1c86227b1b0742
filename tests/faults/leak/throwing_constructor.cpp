// finds: leak   mode: 1
// text: 150 bytes
// No destructor runs for an object whose constructor threw.
#include "fault.h"
#include <memory>

struct session {
    FAULT(char *, std::unique_ptr<char[]>) buffer;
    explicit session(int id) : buffer(new char[150]) {  // <- alloc
        if (id < 0) throw id;
    }
};
static NOINLINE void open() {
    try { session s(-1); } catch (int) {}
}
int main() {
    open();
    forget();
}
