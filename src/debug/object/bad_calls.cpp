#include "debug/object/bad_calls.h"

#include "base/bits.h"
#include "cache/kmem_cache.h"
#include "config/size_classes.h"
#include "debug/object/library_new.h"
#include "debug/object/objects.h"
#include "debug/stack/backtrace_rules.h"
#include "debug/stack/modules_seen.h"
#include "debug/stack/stack_depot.h"
#include "os/executable.h"
#include "os/maps.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {

constexpr unsigned kReportDepth = 32;

void take_stack(finding& f) {
    backtrace_capture(f.stack, kReportDepth);
    f.thread = this_thread_id();
}

bool is_cxx(call_family family) { return family == call_family::cxx_object || family == call_family::cxx_array; }

// A library with operators of its own that is bound to itself (-Bsymbolic) reaches malloc and free by these, while the other half of
// the pair may be ours: what it calls directly and what by its operators is not to be told apart. Operators that it hides are in no
// table, and glibc 2.34 does not tell whose code it is: there such a pair is a mismatch.
bool half_by_own_operator(const place& p, call_family asked, call_family given) {
    if (asked == call_family::c && is_cxx(given)) {
        stack_view allocated = stack_depot_get(p.record->allocated.stack);
        return allocated.count > 0 && module_binds_to_itself(allocated.frame[0], "_Znwm");
    }
    if (!is_cxx(asked) || given != call_family::c) return false;
    stack_trace here;
    backtrace_capture(here, 1);
    return here.count > 0 && module_binds_to_itself(here.frame[0], "_ZdlPv");
}

enum class pair_of_calls : uint8_t { matching, untold, mismatched };

pair_of_calls judge_pair(const place& p, const call& how) {
    call_family asked = family_of(p.record->allocated_by);
    call_family given = family_of(how.kind);
    if (asked == call_family::none || given == call_family::none || asked == given) return pair_of_calls::matching;
    return half_by_own_operator(p, asked, given) ? pair_of_calls::untold : pair_of_calls::mismatched;
}

// A class that is over-aligned is new'ed and deleted with its alignment; the plain forms have none.
bool is_aligned_alike(const place& p, const call& how) {
    if (how.kind == call_kind::free_aligned_sized)
        return how.align <= kMallocMinimum || p.record->align_shift == log2_floor(how.align);
    if (family_of(how.kind) != call_family::cxx_object && family_of(how.kind) != call_family::cxx_array) return true;
    bool asked = is_aligned_call(p.record->allocated_by);
    if (asked != is_aligned_call(how.kind)) return false;
    return !asked || how.align == 0 || how.align <= kMallocMinimum || p.record->align_shift == log2_floor(how.align);
}

}  // namespace

bad_call judge_free(const place& p, const void* object, const call& how) {
    object_state state = p.record->state;
    if (state == object_state::fresh) return {true, true, defect::invalid_free};
    if (object != p.object()) return {true, true, defect::interior_free};
    if (state != object_state::live) return {true, true, defect::double_free};
    if (how.cache != nullptr && how.cache != p.cache) return {true, false, defect::wrong_cache};
    if ((p.flags & kDebugTrack) == 0) return {};
    pair_of_calls pair = judge_pair(p, how);
    if (pair == pair_of_calls::mismatched) return {true, false, defect::mismatch};
    if (pair == pair_of_calls::untold) return {};
    if (how.sized && how.size != p.record->requested) return {true, false, defect::wrong_size};
    if (!is_aligned_alike(p, how)) return {true, false, defect::wrong_align};
    return {};
}

void report_bad_call(finding_lease& f, const place& p, const bad_call& bad, const void* object, const call& how) {
    if (!f) return;
    f->what = bad.what;
    f->bytes = {};
    f->found_by = call_name(how.kind);
    f->cache_name = p.cache != nullptr ? p.cache->name : "kmalloc-large";
    f->address = object;
    f->how = how;
    f->fixed = bad.fatal ? "the call did nothing" : "the object was freed all the same";
    if (f->dump_length == 0 && !place_is_hidden(p)) finding_take_dump(*f, object, object);
    take_stack(*f);
    report_finding(*f);
}

void note_damage(finding_lease& f, const place& p, const damage& d) {
    if (f || f.borrow(defect::poison)) {
        finding_set_object(*f, p);
        f->bytes = d;
        f->address = d.first;
        f->cache_name = p.cache != nullptr ? p.cache->name : "kmalloc-large";
        finding_take_dump(*f, d.first, d.last);
    }
    restore(p, d);
}

void report_damage(finding_lease& f, const char* found_by, bool with_stack) {
    if (!f) return;
    if (f->what != defect::constructor) {
        switch (f->bytes.region) {
            case damage::where::left: f->what = defect::left_redzone; break;
            case damage::where::right: f->what = defect::right_redzone; break;
            case damage::where::object: f->what = defect::poison; break;
        }
    }
    f->found_by = found_by;
    f->fixed = f->bytes.region == damage::where::object ? "restored the poison" : "restored the redzone";
    f->thread = this_thread_id();
    if (with_stack) take_stack(*f);
    report_finding(*f);
}

namespace {

// What follows a module's data may be more of that, or what the program mapped there; the loader knows, from glibc 2.35 on.
bool is_of_module(uintptr_t address) {
    module_tables module;
    if (!module_around(reinterpret_cast<uintptr_t>(&is_of_module), module)) return true;
    return module_around(address, module);
}

// What an address that kslab does not own is.
defect kind_of_foreign(const void* pointer) {
    char here;
    uintptr_t where = reinterpret_cast<uintptr_t>(pointer);
    uintptr_t stack = reinterpret_cast<uintptr_t>(&here);
    constexpr uintptr_t kNear = uintptr_t{8} << 20;
    mapping_kind kind = mapping_of(pointer);
    if (kind == mapping_kind::stack) return defect::stack_free;
    if (kind == mapping_kind::file) return defect::static_free;
    if (kind == mapping_kind::behind_file && is_of_module(where)) return defect::static_free;
    if (kind == mapping_kind::anonymous || kind == mapping_kind::behind_file) {
        // The stack of another thread than the first is an anonymous mapping.
        if (where >= stack && where - stack < kNear && same_mapping(pointer, &here)) return defect::stack_free;
        return defect::mapped_free;
    }
    return defect::invalid_free;
}

}  // namespace

bool debug_bad_pointer(const void* pointer, const call& how) {
    finding_lease f(defect::invalid_free);
    if (!f) return true;
    run_state state;
    place near;
    if (find_place(pointer, near)) {
        f->what = defect::interior_free;
        finding_set_object(*f, near);
        f->cache_name = near.cache != nullptr ? near.cache->name : "kmalloc-large";
    } else if (page_allocator::covers(pointer, state)) {
        f->detail = "nothing is allocated there now; was it freed before?";
    } else {
        f->what = kind_of_foreign(pointer);
    }
    f->found_by = call_name(how.kind);
    f->address = pointer;
    f->how = how;
    f->fixed = "the call did nothing";
    take_stack(*f);
    report_finding(*f);
    return true;
}

void debug_bad_size(const call& how, size_t count) {
    // operator new has reported it already.
    if (library_new_calling() != call_kind::none) return;
    finding_lease f(defect::bad_size);
    if (!f) return;
    f->found_by = call_name(how.kind);
    f->cache_name = "kmalloc-large";
    f->how = how;
    f->count = count;
    f->fixed = is_new(how.kind) ? "the operator fails as for want of memory" : "the call returned null";
    take_stack(*f);
    report_finding(*f);
}

namespace {

// Whether `object` is live; reports otherwise.
bool check_live(const void* object, page_owner owner, const call& how, place& p) {
    if (!place_of_owner(object, owner, p)) return debug_bad_pointer(object, how), false;
    finding_lease f;
    bad_call bad;
    {
        object_lock lock(p.begin);
        bad = judge_free(p, object, how);
        if (bad.fatal && f.borrow(bad.what)) finding_set_object(*f, p);
    }
    if (bad.fatal) report_bad_call(f, p, bad, object, how);
    return !bad.fatal;
}

}  // namespace

size_t debug_usable_size(const void* object, page_owner owner, const call& how) {
    place p;
    return check_live(object, owner, how, p) ? p.record->requested : 0;
}

bool debug_may_realloc(const void* object, page_owner owner, call_kind kind) {
    place p;
    return check_live(object, owner, {.kind = kind}, p);
}

namespace {

struct remaining {
    const kmem_cache* cache;
    void* first;
    size_t count;
};

void count_remaining(const place& p, void* context) {
    auto* r = static_cast<remaining*>(context);
    if (p.cache != r->cache || p.record->state != object_state::live) return;
    if (r->count++ == 0) r->first = p.begin;
}

}  // namespace

size_t live_objects_of(const kmem_cache* cache) {
    remaining r{cache, nullptr, 0};
    for_each_place(count_remaining, &r);
    return r.count;
}

void report_objects_remaining(const kmem_cache* cache) {
    remaining r{cache, nullptr, 0};
    for_each_place(count_remaining, &r);
    place p;
    finding_lease f;
    if (r.count == 0 || !find_place(r.first, p) || !f.borrow(defect::objects_remaining)) return;
    {
        object_lock lock(p.begin);
        finding_set_object(*f, p);
    }
    f->found_by = "kmem_cache_destroy";
    f->cache_name = cache->name;
    f->address = p.object();
    f->count = r.count;
    f->total_bytes = r.count * cache->object_size;
    f->fixed = "the cache stays";
    take_stack(*f);
    report_finding(*f);
}

}  // namespace kslab
