// The first sentence of a report, for readers who know neither slabs nor redzones: what happened, how far from which
// object. One function for each kind of defect, found through one table in the order of KSLAB_DEFECTS.
#include "cache/kmem_cache.h"
#include "check/debug_table.h"
#include "debug/report/report.h"

namespace kslab {

namespace {

uintptr_t number_of(const void* p) { return reinterpret_cast<uintptr_t>(p); }

// "an 8-byte", "an 11-byte", "an 80-byte": how the number is spoken decides.
const char* article(uint64_t n) {
    while (n >= 1000) n /= 1000;
    return n == 8 || n == 11 || n == 18 || (n >= 80 && n < 90) || (n >= 800 && n < 900) ? "an " : "a ";
}

void put_freed_when(text& out, const finding& f, const report_context& context) {
    out.put(" that was freed");
    uint64_t age;
    if (!track_age(f.record.freed, context, age)) return;
    out.put(' ');
    put_age(out, age);
}

// "a 40-byte object that was freed 0.1 s ago"
void put_object(text& out, const finding& f, const report_context& context) {
    if (!f.has_object) {
        out.put("an object");
        return;
    }
    if (f.record.state == object_state::fresh) {
        out.put("an object that was never handed out");
        return;
    }
    out.put(article(f.record.requested)).dec(f.record.requested).put("-byte object");
    if (finding_object_freed(f)) put_freed_when(out, f, context);
}

// "3 bytes before the start of ", " just past the end of ", "16 bytes into "; with what it is far from.
void put_where(text& out, const finding& f, const void* address, const report_context& context) {
    if (!f.has_object || address == nullptr) {
        out.put("in ");
        put_object(out, f, context);
        return;
    }
    uintptr_t at = number_of(address), start = number_of(f.where.object()), end = number_of(f.where.object_end());
    if (at < start) {
        put_count(out, start - at, "byte");
        out.put(" before the start of ");
    } else if (at < end) {
        if (at == start) out.put("at the start of ");
        else put_count(out, at - start, "byte"), out.put(" into ");
    } else if (at == end) {
        out.put("just past the end of ");
    } else {
        put_count(out, at - end, "byte");
        out.put(" past the end of ");
    }
    put_object(out, f, context);
}

// Whoever called, as "free()"; what found it where no call did.
void put_caller(text& out, const finding& f) {
    if (f.how.kind == call_kind::none) {
        if (f.found_by[0] == '\0') out.put("a free");
        return put_found_by(out, f);
    }
    put_call(out, f.how.kind);
    out.put("()");
}

// ---- Redzones and poison.

void put_written(text& out, const finding& f) {
    if (!f.bytes) {
        out.put("bytes written ");
        return;
    }
    put_count(out, static_cast<size_t>(f.bytes.last - f.bytes.first) + 1, "byte");
    out.put(" written ");
}

const void* damaged(const finding& f) { return f.bytes ? f.bytes.first : f.address; }

void say_right_redzone(text& out, const finding& f, const report_context& context) {
    out.put("heap overflow: ");
    put_written(out, f);
    put_where(out, f, damaged(f), context);
}

void say_left_redzone(text& out, const finding& f, const report_context& context) {
    out.put("heap underflow: ");
    put_written(out, f);
    bool adjacent = f.has_object && f.bytes && number_of(f.bytes.last) + 1 == number_of(f.where.object());
    if (!adjacent) return put_where(out, f, damaged(f), context);
    out.put("just before the start of ");
    put_object(out, f, context);
}

void say_poison(text& out, const finding& f, const report_context& context) {
    bool fresh = f.has_object && f.record.state == object_state::fresh;
    out.put(fresh ? "wild write: " : "write after free: ");
    put_written(out, f);
    put_where(out, f, damaged(f), context);
}

// ---- Faults.

void say_read_past_end(text& out, const finding& f, const report_context& context) {
    out.put("heap overflow: a read ");
    put_where(out, f, f.address, context);
}
void say_write_past_end(text& out, const finding& f, const report_context& context) {
    out.put("heap overflow: a write ");
    put_where(out, f, f.address, context);
}
void say_read_before(text& out, const finding& f, const report_context& context) {
    out.put("heap underflow: a read ");
    put_where(out, f, f.address, context);
}
void say_write_before(text& out, const finding& f, const report_context& context) {
    out.put("heap underflow: a write ");
    put_where(out, f, f.address, context);
}
void say_read_freed(text& out, const finding& f, const report_context& context) {
    out.put("use after free: a read ");
    put_where(out, f, f.address, context);
}
void say_write_freed(text& out, const finding& f, const report_context& context) {
    out.put("use after free: a write ");
    put_where(out, f, f.address, context);
}

// Half of the address's bytes at least are that one.
bool made_of(uintptr_t address, unsigned char byte) {
    unsigned same = 0;
    for (unsigned shift = 0; shift < 64; shift += 8) same += (address >> shift & 0xff) == byte;
    return same >= 4;
}

void say_poison_pointer(text& out, const finding& f, const report_context&) {
    uintptr_t at = number_of(f.address);
    if (made_of(at, kPoisonFree))
        out.put("use after free: a pointer was read from memory that was freed");
    else if (made_of(at, kPoisonInUse))
        out.put("uninitialised memory: a pointer was read from memory that nobody has written since it was allocated");
    else if (made_of(at, kRedzoneActive) || made_of(at, kRedzoneInactive))
        out.put("heap overflow: a pointer was read from beyond an object");
    else
        out.put("use of a pointer that was read from freed or uninitialised memory");
}

// ---- Frees, and what else wants an object: realloc, malloc_usable_size.

// "invalid free: free() of ", "invalid pointer: realloc() of "
void put_misuse(text& out, const finding& f, const char* of_free, const char* of_use) {
    bool uses = f.how.kind == call_kind::realloc || f.how.kind == call_kind::usable_size;
    out.put(uses ? of_use : of_free).put(": ");
    put_caller(out, f);
    out.put(" of ");
}

void say_double_free(text& out, const finding& f, const report_context& context) {
    put_misuse(out, f, "double free", "use after free");
    put_object(out, f, context);
    if (!f.has_object) out.put(" that is free already");
}

// Arrays of objects with destructors have their count in front: new[] returned what lies behind it.
bool behind_array_cookie(const finding& f) {
    if (!f.has_object || family_of(f.record.allocated_by) != call_family::cxx_array) return false;
    size_t cookie = f.record.align_shift > 3 ? size_t{1} << f.record.align_shift : sizeof(size_t);
    call_family by = family_of(f.how.kind);
    bool frees = f.how.kind == call_kind::free || by == call_family::cxx_object;
    return frees && number_of(f.address) == number_of(f.where.object()) + cookie;
}

void say_interior_free(text& out, const finding& f, const report_context& context) {
    put_misuse(out, f, "invalid free", "invalid pointer");
    out.put("a pointer ");
    put_where(out, f, f.address, context);
    if (behind_array_cookie(f)) out.put(" from operator new[]: use delete[]");
}

void say_stack_free(text& out, const finding& f, const report_context&) {
    put_misuse(out, f, "invalid free", "invalid pointer");
    out.put("a pointer to a thread's stack, a local variable for example");
}

void say_static_free(text& out, const finding& f, const report_context& context) {
    put_misuse(out, f, "invalid free", "invalid pointer");
    out.put("a pointer to static memory, a global variable or a string constant for example");
    if (context.module_of == nullptr) return;
    module_place where = context.module_of(number_of(f.address));
    if (where.path == nullptr || where.path[0] != '/') return;
    out.put(", of ");
    put_name(out, where.path);
}

void say_mapped_free(text& out, const finding& f, const report_context&) {
    put_misuse(out, f, "invalid free", "invalid pointer");
    out.put("a pointer to memory that the program mapped itself");
}

void say_invalid_free(text& out, const finding& f, const report_context& context) {
    put_misuse(out, f, "invalid free", "invalid pointer");
    out.put("a pointer that was never allocated");
    if (!f.has_object) return;
    out.put(", ");
    put_where(out, f, f.address, context);
}

const char* right_free(call_family family) {
    switch (family) {
        case call_family::none: return nullptr;
        case call_family::c: return "free()";
        case call_family::cxx_object: return "delete";
        case call_family::cxx_array: return "delete[]";
        case call_family::kmalloc: return "kfree()";
        case call_family::cache: return "kmem_cache_free()";
    }
    return nullptr;
}

void say_mismatch(text& out, const finding& f, const report_context&) {
    out.put("mismatched free: memory");
    if (f.has_object && f.record.allocated_by != call_kind::none) {
        out.put(" from ");
        put_call(out, f.record.allocated_by);
    }
    out.put(" was freed with ");
    put_caller(out, f);
    const char* right = f.has_object ? right_free(family_of(f.record.allocated_by)) : nullptr;
    if (right != nullptr) out.put(": use ").put(right);
}

void say_wrong_size(text& out, const finding& f, const report_context& context) {
    out.put("wrong size: ");
    put_caller(out, f);
    out.put(" was told ");
    put_count(out, f.how.size, "byte");
    out.put(" for ");
    put_object(out, f, context);
}

constexpr size_t kMallocAlign = 16;

void say_wrong_align(text& out, const finding& f, const report_context&) {
    out.put("wrong alignment: ");
    put_caller(out, f);
    out.put(" was told ").dec(f.how.align == 0 ? kMallocAlign : f.how.align).put(" for an object");
    if (!f.has_object) return;
    size_t align = f.record.align_shift == 0 ? kMallocAlign : size_t{1} << f.record.align_shift;
    out.put(" that was allocated with ").dec(align);
}

void say_wrong_cache(text& out, const finding& f, const report_context&) {
    out.put("wrong cache: ");
    put_caller(out, f);
    out.put(" of an object of ");
    put_name(out, finding_cache(f));
    if (f.how.cache == nullptr) return;
    out.put(" was told ");
    put_name(out, f.how.cache->name);
}

// ---- The rest.

void say_bad_size(text& out, const finding& f, const report_context&) {
    out.put("absurd size: ");
    put_caller(out, f);
    if (f.count > 1) {
        out.put(" of ").dec(f.count).put(" elements of ");
        put_count(out, f.how.size, "byte");
        return;
    }
    out.put(" of ");
    put_count(out, f.how.size, "byte");
    if (f.how.size > PTRDIFF_MAX) out.put(", which is ").sdec(static_cast<int64_t>(f.how.size)).put(" as a signed number");
}

void say_constructor(text& out, const finding& f, const report_context& context) {
    out.put("heap overflow in a constructor: ");
    put_written(out, f);
    put_where(out, f, damaged(f), context);
}

void say_objects_remaining(text& out, const finding& f, const report_context&) {
    out.put("cache destroyed too early: ");
    if (f.count == 0) out.put("some of its objects are");
    else put_count(out, f.count, "object"), out.put(f.count == 1 ? " is" : " are");
    out.put(" still in use");
}

void say_heap_corrupt(text& out, const finding&, const report_context&) {
    out.put("the heap's own records contradict each other: a wild write, or a bug of kslab");
}

void put_leaked(text& out, const finding& f) {
    put_count(out, f.total_bytes, "byte");
    out.put(" in ");
    put_count(out, f.count, "object");
}

void say_leak(text& out, const finding& f, const report_context&) {
    out.put("memory leak: ");
    put_leaked(out, f);
    out.put(f.count == 1 ? " that nothing points to" : " that nothing points to, allocated at one place");
    if (f.indirect_count == 0) return;
    out.put(", and ");
    put_count(out, f.indirect_bytes, "byte");
    out.put(" in ");
    put_count(out, f.indirect_count, "object");
    out.put(" reachable from there only");
}

void say_leak_possible(text& out, const finding& f, const report_context&) {
    out.put("possible memory leak: ");
    put_leaked(out, f);
    out.put(" that only pointers into the middle lead to");
}

void say_injected(text& out, const finding& f, const report_context&) {
    out.put("the program did not survive that an allocation failed, as KSLAB_FAIL wanted it to");
    if (f.how.kind == call_kind::none) return;
    out.put(": ");
    put_caller(out, f);
    out.put(" of ");
    put_count(out, f.how.size, "byte");
}

using sentence = void(text& out, const finding& f, const report_context& context);
constexpr sentence* kSentences[] = {
#define KSLAB_DEFECT_SENTENCE(name, title, json) say_##name,
    KSLAB_DEFECTS(KSLAB_DEFECT_SENTENCE)
#undef KSLAB_DEFECT_SENTENCE
};

}  // namespace

void report_put_sentence(text& out, const finding& f, const report_context& context) {
    kSentences[static_cast<unsigned>(f.what)](out, f, context);
}

}  // namespace kslab
