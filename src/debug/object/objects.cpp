// What happens to an object under debugging.
//
//   debug_allocate  inject → place (guarded run | object of a slab | run) → last look at what was free there → live
//   debug_free      proofs → redzones → quarantined, poisoned → quarantine
//   object_release  last look at the poison → free: back to its slab, or to the page allocator
#include "debug/object/objects.h"

#include "cache/node.h"
#include "debug/stack/backtrace.h"
#include "debug/stack/backtrace_libunwind.h"
#include "debug/object/bad_calls.h"
#include "debug/report/finding.h"
#include "debug/guard/guard.h"
#include "debug/inject/inject.h"
#include "debug/object/library_new.h"
#include "debug/object/quarantine.h"
#include "debug/object/runs.h"
#include "debug/stack/stack_depot.h"
#include "debug/object/trace.h"
#include "debug/object/validate_objects.h"
#include "kmalloc/kmalloc.h"
#include "kmalloc/shortage.h"
#include "pages/clear.h"
#include "pages/meta_arena.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {

size_t alignment_of(const call& how) { return how.align > kMallocMinimum ? how.align : kMallocMinimum; }

// Behind the redzone; an object that asks for more alignment is moved up.
uint32_t offset_in(const char* begin, const kmem_cache* cache, uint32_t flags, const call& how) {
    if (cache != nullptr && how.kind == call_kind::kmem_cache_alloc) return cache->left;
    size_t left = (flags & kDebugRedzone) == 0 ? 0 : cache != nullptr ? cache->left : kRedzoneBytes;
    uintptr_t at = reinterpret_cast<uintptr_t>(begin) + left;
    size_t align = cache != nullptr && how.align <= kMallocMinimum ? 1 : alignment_of(how);
    return static_cast<uint32_t>(align_up(at, align) - reinterpret_cast<uintptr_t>(begin));
}

// A place in a slab. What was free there is looked at for the last time.
bool take_from_slab(kmem_cache* cache, const call& how, place& p) {
    void* begin;
    if (cache_take(cache, node_for(how.node), &begin, 1, how.gfp) == 0) return false;
    place_of_owner(begin, page_owner_of(begin), p);
    damage d;
    finding_lease f;
    {
        object_lock lock(begin);
        d = check_where_it_stands(p);
        if (d) note_damage(f, p, d);
    }
    if (d) report_damage(f, "reuse by an allocation", false);
    return true;
}

object_record* new_record(const kmem_cache* cache, uint32_t flags, const call& how) {
    auto* record = static_cast<object_record*>(metadata_allocate(sizeof(object_record)));
    if (record == nullptr) return nullptr;
    *record = object_record{};
    record->requested = how.size;
    record->flags = static_cast<uint16_t>(flags);
    record->cache = number_of_cache(cache);
    return record;
}

// A run of its own: a redzone page by page where the alignment is larger.
bool take_run(const call& how, place& p) {
    size_t align = alignment_of(how);
    size_t before = (debug_large_flags & kDebugRedzone) == 0 ? 0 : align_up(kRedzoneBytes, align);
    if (before > size_t{1} << 30) before = 0;
    object_record* record = new_record(nullptr, debug_large_flags, how);
    if (record == nullptr) return false;
    record->offset = static_cast<uint32_t>(before);
    size_t pages = pages_for(before + how.size + kRedzoneBytes);
    page_allocator& from = how.low ? low_pages : all_pages;
    run* r = from.allocate(
        {.pages = pages,
         .align_pages = align <= kPageSize ? 1 : align / kPageSize,
         .sparse = how.zero && zeroed_is_sparse(pages),
         .reserve = may_use_reserve(how.gfp)});
    if (r == nullptr) return metadata_free(record, sizeof(object_record)), false;
    if (how.zero) zero_without_writing(r);
    r->guard = run_guard::none;
    set_record_of(r, record);
    p = place_of_run(r);
    return true;
}

bool take_guarded(const kmem_cache* cache, uint32_t flags, const call& how, place& p) {
    object_record* record = new_record(cache, flags, how);
    if (record == nullptr) return false;
    bool as_cache = cache != nullptr && (how.kind == call_kind::kmem_cache_alloc || (cache->flags & kCacheNatural) != 0);
    size_t align = as_cache ? cache->align : alignment_of(how);
    if (guard_allocate(how.size, align, *record, p)) {
        p = place_of_run(p.in_run);
        return true;
    }
    metadata_free(record, sizeof(object_record));
    return false;
}

// How many objects each place of the program that allocates has had, by a hash of its stack. A guard costs system
// calls and a page fault at each allocation and free: the first KSLAB_GUARD_SITE objects of a place get one, later
// one in so many.
constexpr unsigned kSites = 1 << 14;
constexpr unsigned kLaterRate = 64;
KSLAB_APART relaxed<uint32_t> objects_of_site[kSites];

bool site_deserves_guard(uint32_t stack) {
    size_t most = active_options.guard_site;
    if (most == 0 || stack == 0) return true;
    relaxed<uint32_t>& objects = objects_of_site[(stack * 0x9e3779b1u) >> 18];
    objects += 1;
    if (objects <= most || objects % kLaterRate == 0) return true;
    guard_note_passed();
    return false;
}

// Objects with a constructor stay in slabs of their cache: it relies on their layout. So do those that must lie low.
bool wants_guard(const kmem_cache* cache, uint32_t flags, const call& how, uint32_t stack) {
    if (how.low || (cache != nullptr && (cache->flags & SLAB_CACHE_DMA) != 0)) return false;
    if (how.sampled) return true;
    if ((flags & kDebugGuard) == 0 || (cache != nullptr && cache->constructs())) return false;
    return site_deserves_guard(stack);
}

// The first room for this call: false when memory is short.
bool take_place(kmem_cache* cache, uint32_t flags, const call& how, uint32_t stack, place& p) {
    if (wants_guard(cache, flags, how, stack) && take_guarded(cache, flags, how, p)) return true;
    if (how.sampled) return false;
    return cache != nullptr ? take_from_slab(cache, how, p) : take_run(how, p);
}

// Memory is short: what was freed need not wait in the quarantine, nor address space for guards; then as without debugging.
bool take_place_after_all(kmem_cache* cache, uint32_t flags, const call& how, uint32_t stack, place& p) {
    for (unsigned attempt = 0;; attempt++) {
        quarantine_drain();
        if ((how.gfp & SLAB_NO_GROW) == 0) {
            guard_drain();
            trim_everything();
        }
        if (take_place(cache, flags, how, stack, p)) return true;
        if (!try_again(how.gfp, how.size, attempt)) return false;
    }
}

void set_record(const place& p, const call& how, uint32_t stack) {
    object_record& r = *p.record;
    if (p.in_slab != nullptr) r.offset = offset_in(p.begin, p.cache, p.flags, how);
    r.requested = how.size;
    r.allocated = {stack, this_thread_id(), debug_clock()};
    r.freed = {};
    r.allocated_by = how.kind;
    r.freed_by = call_kind::none;
    r.align_shift = static_cast<uint8_t>(how.align > kMallocMinimum ? log2_floor(how.align) : 0);
    r.epoch = process_epoch;
    bool ignored = p.cache != nullptr && (p.cache->flags & SLAB_NOLEAKTRACE) != 0;
    r.marks = libunwind_loading ? kMarkIgnored | kMarkOfKslab : ignored ? kMarkIgnored : 0;
    r.sampled = how.sampled;
}

void fill_new(const place& p, const call& how) {
    fill_redzones(p, kRedzoneActive);
    if (!how.zero) return poison_in_use(p);
    bool fresh = p.in_run != nullptr && p.in_run->content == run_content::zero;
    if (!fresh) __builtin_memset(p.object(), 0, how.size);
}

// The kernel calls constructors at every allocation from a cache with poison. Type-stable memory has none.
void construct(kmem_cache* cache, const place& p, gfp_t gfp) {
    if (cache == nullptr || !cache->constructs() || (cache->debug & kDebugPoison) == 0) return;
    construct_object(cache, p.object(), gfp);
    damage d = check_redzones(p, kRedzoneActive);
    if (!d) return;
    finding_lease f(defect::constructor);
    {
        object_lock lock(p.begin);
        note_damage(f, p, d);
    }
    report_damage(f, "the constructor", true);
}

}  // namespace

namespace {

void release_run(const place& p) {
    run* r = p.in_run;
    object_record* record = p.record;
    set_record_of(r, nullptr);
    if (p.guarded)
        guard_release(p);
    else
        release_run(r);
    metadata_free(record, sizeof(object_record));
}

}  // namespace

namespace {

// Where kslab is part of the program only the caller's address says where the program's part of the stack begins.
uint32_t stack_of(const call& how) {
    bool from_caller = how.on_behalf || (how.caller != nullptr && backtrace_hides(how.caller));
    return KSLAB_UNLIKELY(from_caller) ? stack_depot_from(how.caller) : stack_depot_here();
}

// `asked` is what was called: the library's operator new may call another operator new, that one malloc.
bool fails_on_purpose(kmem_cache* cache, const call& how, call_kind asked, bool of_library_new) {
    bool again = of_library_new && library_new_refuses_again();
    if (!again && !inject_should_fail(cache, how)) return false;
    if (is_new(asked)) library_new_refused();
    return true;
}

}  // namespace

void* debug_allocate(kmem_cache* cache, const call& asked) {
    uint32_t flags = cache != nullptr ? cache->debug : debug_large_flags;
    call how = asked;
    if (how.sampled) flags |= kDebugRedzone | kDebugTrack;
    call_kind library_new = library_new_calling();
    if (KSLAB_UNLIKELY(library_new != call_kind::none)) how.kind = library_new;
    if ((flags & kDebugFail) != 0 && fails_on_purpose(cache, how, asked.kind, library_new != call_kind::none)) return nullptr;
    validate_now_and_then();
    uint32_t stack = 0;
    if ((flags & kDebugTrack) != 0 || how.sampled)
        stack = stack_of(how);
    place p;
    if (!take_place(cache, flags, how, stack, p)) {
        if (how.sampled || !take_place_after_all(cache, flags, how, stack, p)) return nullptr;
    }
    {
        object_lock lock(p.begin);
        set_record(p, how, stack);
        fill_new(p, how);
        p.record->state = object_state::live;
    }
    if (p.in_run != nullptr && !debug_run_add(p.in_run)) return release_run(p), nullptr;
    construct(cache, p, how.gfp);
    if ((flags & kDebugTrace) != 0) trace_allocation(p, how);
    return p.object();
}

namespace {

// From live to quarantined. False: it was no good free, and has been reported; nothing was changed.
bool retire(place& p, void* object, const call& how, uint32_t stack) {
    damage d;
    bad_call bad;
    finding_lease f;
    {
        object_lock lock(p.begin);
        bad = judge_free(p, object, how);
        if (bad.wrong && f.borrow(bad.what)) {
            finding_set_object(*f, p);
            if (!bad.fatal) finding_take_dump(*f, object, object);
        }
        if (!bad.fatal) {
            d = check_redzones(p, kRedzoneActive);
            if (d) note_damage(f, p, d);
            object_record& r = *p.record;
            r.freed = {stack, this_thread_id(), debug_clock()};
            r.freed_by = how.kind;
            fill_redzones(p, kRedzoneInactive);
            if (!p.guarded) poison_free(p);
            r.state = object_state::quarantined;
        }
    }
    if (d) report_damage(f, call_name(how.kind), true);
    if (bad.wrong) report_bad_call(f, p, bad, object, how);
    return !bad.fatal;
}

// The program's own functions that a free calls, with no lock held: the look at the constructed state (SLAB_DEBUG_INITIAL),
// and in caches with poison the destructor, as the kernel does. Not for a free that cannot be honoured.
void call_owner(const place& p, void* object, const call& how) {
    if (p.cache == nullptr) return;
    bool verifies = (p.cache->slow & kSlowVerify) != 0;
    bool destructs = p.cache->dtor != nullptr && (p.cache->debug & kDebugPoison) != 0;
    if (KSLAB_LIKELY(!verifies && !destructs)) return;
    {
        object_lock lock(p.begin);
        if (judge_free(p, object, how).fatal) return;
    }
    auto* cache = reinterpret_cast<struct ::kmem_cache*>(const_cast<kmem_cache*>(p.cache));
    if (verifies) p.cache->ctor_2_6(object, cache, SLAB_CTOR_CONSTRUCTOR | SLAB_CTOR_VERIFY);
    if (destructs) p.cache->dtor(object, cache, 0);
}

}  // namespace

void debug_free(void* object, page_owner owner, const call& how) {
    validate_now_and_then();
    place p;
    if (!place_of_owner(object, owner, p)) {
        debug_functions.bad_pointer(object, how);
        return;
    }
    uint32_t stack = (p.flags & kDebugTrack) != 0 || p.record->sampled != 0 ? stack_depot_here() : 0;
    call_owner(p, object, how);
    if (!retire(p, object, how, stack)) return;
    if ((p.flags & kDebugTrace) != 0) trace_free(p, how);
    if (p.guarded) guard_hide(p);
    if ((p.flags & kDebugQuarantine) != 0 || p.record->sampled != 0) return quarantine_put(p);
    object_release(p.begin);
}

void object_release(void* begin) {
    place p;
    if (!find_place(begin, p)) return;
    damage d;
    finding_lease f;
    {
        object_lock lock(p.begin);
        d = place_is_hidden(p) ? damage{} : check_where_it_stands(p);
        if (d) note_damage(f, p, d);
        if (p.in_slab != nullptr) p.record->state = object_state::free;
    }
    if (d) report_damage(f, "leaving the quarantine", false);
    if (p.in_run != nullptr) {
        debug_run_remove(p.in_run);
        return release_run(p);
    }
    cache_free_direct(const_cast<kmem_cache*>(p.cache), p.begin);
}

}  // namespace kslab
