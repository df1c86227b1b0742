// Lines about single operations (T, and the log of injected failures). With report_lock: all use one buffer.
#pragma once
#include "cache/kmem_cache.h"
#include "check/debug_table.h"
#include "debug/report/report.h"

namespace kslab {

// Written to where reports go when it goes out of scope.
class operation_text {
public:
    operation_text();
    ~operation_text();
    operation_text(const operation_text&) = delete;
    operation_text& operator=(const operation_text&) = delete;
    text* operator->() { return &text_; }

private:
    text text_;
};

// malloc(40), memalign(64, 40), free()
text& put_call(text& out, const call& how);
// demo+0x18c0, without directories
text& put_code_address(text& out, uintptr_t address);

// The name that KSLAB_DEBUG and KSLAB_FAIL know it by; null is a run of its own.
inline const char* cache_name_of(const kmem_cache* cache) { return cache != nullptr ? cache->name : "kmalloc-large"; }

}  // namespace kslab
