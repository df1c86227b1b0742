// From an address to its place, and walking all places.
#include "base/bits.h"
#include "cache/kmem_cache.h"
#include "check/slab_records.h"
#include "debug/object/objects.h"
#include "debug/object/runs.h"
#include "kmalloc/kmalloc.h"
#include "os/clock.h"
#include "os/syscall.h"
#include "thread/slots.h"

namespace kslab {

constinit mutex debug_runs_lock{lock_rank::debug_runs};
constinit uint16_t process_epoch = 0;

namespace {

list_head debug_runs{&debug_runs, &debug_runs};  // debug_runs_lock

struct alignas(kCacheLine) stripe {
    mutex lock{lock_rank::object};
};
constinit stripe stripes[kObjectLocks];

__thread uint32_t thread_id __attribute__((tls_model("initial-exec")));

mutex& lock_for(const void* begin) {
    uintptr_t where = reinterpret_cast<uintptr_t>(begin) >> 4;
    return stripes[(where ^ where >> 6 ^ where >> 12) % kObjectLocks].lock;
}

}  // namespace

object_lock::object_lock(const void* begin) : mutex_(lock_for(begin)), held_(mutex_.lock()) {}
object_lock::~object_lock() { mutex_.unlock(held_); }
mutex& object_lock_at(unsigned index) { return stripes[index].lock; }

uint32_t this_thread_id() {
    if (KSLAB_UNLIKELY(thread_id == 0)) thread_id = static_cast<uint32_t>(raw_syscall(SYS_gettid));
    return thread_id;
}
void forget_thread_id() { thread_id = 0; }

uint32_t debug_clock() {
    uint64_t now;
    return clock_read(now) ? static_cast<uint32_t>(now) : 0;
}

namespace {

constexpr uint16_t kUsersCache = 0x8000;  // and kmem_cache::index; else 1 and the index of a size class

}  // namespace

uint16_t number_of_cache(const kmem_cache* cache) {
    if (cache == nullptr) return 0;
    const kmem_cache* first = kmalloc_caches.caches;
    if (cache >= first && cache < first + kMaxClasses) return static_cast<uint16_t>(1 + (cache - first));
    return static_cast<uint16_t>(kUsersCache | cache->index);
}

const kmem_cache* cache_of_number(uint16_t number) {
    if (number == 0) return nullptr;
    if ((number & kUsersCache) != 0) return vector_caches[number & ~kUsersCache];
    return &kmalloc_caches.caches[number - 1];
}

namespace {

place place_with_record(run* r, object_record* record) {
    char* begin = static_cast<char*>(r->memory());
    size_t bytes = r->pages * kPageSize;
    if (r->guard != run_guard::none) bytes -= kPageSize;
    if (r->guard == run_guard::before) begin += kPageSize;
    return {begin,   bytes, record, record->flags, cache_of_number(record->cache),
            nullptr, r,     r->guard != run_guard::none};
}

// Read once: another thread may release the run that a bad pointer leads to, or have just got it.
object_record* record_of(const run* r) { return __atomic_load_n(&r->record, __ATOMIC_ACQUIRE); }

}  // namespace

place place_of_run(run* r) { return place_with_record(r, r->record); }

namespace {

// Of a run only the first and the last page are in the page map; free() must find it by the object's page, too. 0:
// that is one of the two.
uintptr_t further_page(const run* r) {
    uintptr_t page = align_down(r->start + place_of_run(const_cast<run*>(r)).record->offset, kPageSize);
    if (r->guard == run_guard::before) page += kPageSize;
    return page == r->start || page == r->end() - kPageSize ? 0 : page;
}

}  // namespace

bool debug_run_add(run* r) {
    if (uintptr_t page = further_page(r)) {
        if (!page_map_ensure(page)) return false;
        page_map_set_owner(page, page_owner(r));
    }
    scoped_lock lock(debug_runs_lock);
    debug_runs.add(&r->bin);
    return true;
}

void debug_run_remove(run* r) {
    if (uintptr_t page = further_page(r)) page_map_set_owner(page, page_owner{});
    scoped_lock lock(debug_runs_lock);
    list_head::del(&r->bin);
}

bool place_is_hidden(const place& p) {
    return p.guarded && p.record->state != object_state::live;
}

bool place_of_owner(const void* address, page_owner owner, place& out) {
    if (owner.none()) return false;
    if (run* r = owner.run()) {
        object_record* record = record_of(r);
        if (record != nullptr) out = place_with_record(r, record);
        return record != nullptr;
    }
    slab* s = owner.slab();
    if (s->cache->debug == 0) return false;
    uint64_t offset = reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(s->s_mem);
    uint32_t size = s->cache->size;
    if (offset >= uint64_t{s->num} * size) return false;
    uint64_t index = s->cache->reciprocal != 0 ? (offset * s->cache->reciprocal) >> 32 : offset / size;
    out = place_in_slab(s, static_cast<uint32_t>(index));
    return true;
}

bool find_place(const void* address, place& out) {
    if (place_of_owner(address, page_owner_of(address), out)) return true;
    // Only the first and the last page of a run are in the map.
    page_owner before = page_owner_before(address);
    run* r = before.none() ? nullptr : before.run();
    uintptr_t where = reinterpret_cast<uintptr_t>(address);
    object_record* record = r == nullptr ? nullptr : record_of(r);
    if (record == nullptr || where < r->start || where >= r->end()) return false;
    out = place_with_record(r, record);
    return true;
}

bool nearest_place(const void* address, size_t within, place& out) {
    if (find_place(address, out)) return true;
    const char* at = static_cast<const char*>(address);
    for (size_t distance = kPageSize; distance <= within; distance += kPageSize) {
        if (find_place(at - distance, out) && static_cast<size_t>(at - out.end()) <= within) return true;
        if (find_place(at + distance, out) && static_cast<size_t>(out.begin - at) <= within) return true;
    }
    return false;
}

namespace {

void visit_slabs(list_head& slabs, void (*visit)(const place&, void*), void* context) {
    for (list_head* at = slabs.next; at != &slabs; at = at->next) {
        slab* s = KSLAB_CONTAINER_OF(at, slab, list);
        for (uint32_t i = 0; i < s->num; i++) visit(place_in_slab(s, i), context);
    }
}

}  // namespace

void for_each_place(void (*visit)(const place& p, void* context), void* context) {
    for_each_cache([=](kmem_cache* cache) {
        if (cache->debug == 0) return;
        for_each_node(cache, [=](cache_node& node) {
            scoped_lock lock(node.list_lock);
            for (list_head* list : {&node.slabs_full, &node.slabs_partial, &node.slabs_free})
                visit_slabs(*list, visit, context);
        });
    });
    scoped_lock lock(debug_runs_lock);
    for (list_head* at = debug_runs.next; at != &debug_runs; at = at->next)
        visit(place_of_run(KSLAB_CONTAINER_OF(at, run, bin)), context);
}

}  // namespace kslab
