// Tuning by text (include/kslab/slabinfo.h).
#include <errno.h>

#include "api/slabinfo_text.h"
#include "api/tune_line.h"
#include "base/check.h"
#include "config/excerpt.h"
#include "config/nearest_name.h"
#include "kmalloc/kmalloc.h"
#include "kslab/slabinfo.h"
#include "thread/tune.h"

namespace kslab {

namespace {

bool names(const kmem_cache* cache, const tune_line& line) {
    for (size_t i = 0; i < line.name_length; i++)
        if (cache->name[i] == '\0' || plain_letter(cache->name[i]) != line.name[i]) return false;
    return cache->name[line.name_length] == '\0';
}

// The first of that name, as in the kernel.
struct outcome {
    bool found = false;
    int error = 0;
    unsigned capacity = 0;
};

outcome tune_named(const tune_line& line) {
    outcome result;
    for_each_cache([&](kmem_cache* cache) {
        if (result.found || cache->root != nullptr || !names(cache, line)) return;
        result.found = true;
        result.capacity = tune_capacity(cache);
        result.error = cache_tune(cache, line.limit, line.batchcount, line.shared);
    });
    return result;
}

text& refused(report_line& out, const char* line, size_t length) {
    while (length > 0 && line[length - 1] == '\n') length--;
    return put_excerpt(out->put("tuning \""), line, length).put("\" is refused: ");
}

void report_unknown(report_line& out, const tune_line& line) {
    if (equals_prefix(line.name, line.name_length, "kmalloc-large")) {
        out->put("kmalloc-large has no arrays");
        return;
    }
    put_excerpt(out->put("there is no cache "), line.name, line.name_length);
    nearest_name search(line.name, line.name_length);
    char near[kCacheNameBytes] = "";
    for_each_cache([&](kmem_cache* cache) {
        if (cache->root == nullptr && search.is_nearer(cache->name)) __builtin_memcpy(near, cache->name, sizeof near);
    });
    if (near[0] != '\0') out->put("; did you mean ").put(near).put('?');
}

void report_too_much(report_line& out, const tune_line& line, unsigned capacity) {
    put_excerpt(*out.operator->(), line.name, line.name_length);
    if (line.limit > capacity)
        out->put(" has arrays of at most ").dec(capacity).put(" objects");
    else
        out->put(" has a shared array of at most ").dec(kMostShared).put(" objects: batchcount times shared");
}

// 0 or an errno, after a line that says why.
int tune_by_text(const char* text, size_t length) {
    tune_line line;
    if (const char* wrong = tune_line_read(text, length, line)) {
        report_line out;
        refused(out, text, length).put(wrong);
        return EINVAL;
    }
    outcome result = tune_named(line);
    if (result.found && result.error == 0) return 0;
    report_line out;
    refused(out, text, length);
    if (!result.found)
        report_unknown(out, line);
    else if (result.error == EINVAL)
        report_too_much(out, line, result.capacity);
    else
        out->put("out of memory");
    return result.found ? result.error : EINVAL;
}

}  // namespace

}  // namespace kslab

extern "C" KSLAB_EXPORT long kslab_slabinfo_write(const char* text, size_t length) {
    kslab::boot();
    int error = kslab::tune_by_text(text, length);
    if (error == 0) return static_cast<long>(length);
    errno = error;
    return -1;
}
