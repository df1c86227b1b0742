#include "held.h"

#include <cstdio>
#include <cstdlib>

namespace model {

void held::check(size_t length) const {
    visit(length, [this](unsigned char& byte, unsigned char right) {
        if (byte == right) return;
        fprintf(stderr, "byte %zu is %02x, not %02x\n", static_cast<size_t>(&byte - object), byte, right);
        stop("an object changed under its owner", *this);
    });
}

void stop(const char* what, const held& object) {
    fprintf(stderr, "%s: %p, %zu bytes, thread %lu, number %lu, cache %d\n", what,
            static_cast<void*>(object.object), object.size, object.stamp >> 40, object.stamp & 0xffffffffff,
            object.cache);
    abort();
}

}  // namespace model
