#include "debug/leak/leak_mark.h"

#include "base/bits.h"
#include "debug/object/runs.h"
#include "os/memory.h"

namespace kslab {

namespace {

constexpr uint8_t kScanMarks = kMarkReached | kMarkInterior | kMarkIndirect;
// Smaller objects share their pages with others: nobody makes those inaccessible.
constexpr size_t kReadDirectly = kPageSize;
// Runs of up to two pages are found by the page map.
constexpr size_t kSpanPages = 3;
constexpr size_t kMoreWork = 1024;

bool is_live(const place& p) { return p.record->state == object_state::live; }
bool is_leaked(const object_record& r) { return (r.marks & (kMarkReached | kMarkInterior)) == 0; }
bool is_own(const object_record& r) { return r.epoch == process_epoch; }

uintptr_t word_at(const char* p) {
    uintptr_t word;
    __builtin_memcpy(&word, p, sizeof word);
    return word;
}

// Heap sort: no recursion, no memory.
template <typename T, typename Less>
void sift(T* items, size_t root, size_t count, Less less) {
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && less(items[child], items[child + 1])) child++;
        if (!less(items[root], items[child])) return;
        T moved = items[root];
        items[root] = items[child];
        items[child] = moved;
    }
}

}  // namespace

// ---- Setting up.

void leak_marker::count(const place& p) {
    if (p.in_run != nullptr && p.in_run->pages >= kSpanPages) run_count_++;
    p.record->marks &= static_cast<uint8_t>(~kScanMarks);
    if (!is_live(p)) return;
    live_objects_++;
    if (in_use_by_program(*p.record)) in_use_.add(p.record->requested);
    uintptr_t start = reinterpret_cast<uintptr_t>(p.begin);
    uintptr_t end = reinterpret_cast<uintptr_t>(p.object_end());
    if (start < lowest_) lowest_ = start;
    if (end > highest_) highest_ = end;
}

void leak_marker::collect(const place& p) {
    if (p.in_run != nullptr && p.in_run->pages >= kSpanPages)
        runs_[run_count_++] = {p.in_run->start, p.in_run->end(), p.in_run};
    if (!is_live(p) || (p.record->marks & kMarkIgnored) == 0) return;
    p.record->marks |= kMarkReached;
    push(p);
}

bool leak_marker::open() {
    for_each_place([](const place& p, void* self) { static_cast<leak_marker*>(self)->count(p); }, this);
    // An object is on the list of work at most once at a time. Where threads run on, and for runs that are not on
    // their list yet, there may be some more.
    work_capacity_ = live_objects_ + kMoreWork;
    size_t work_bytes = align_up(work_capacity_ * sizeof(work_item), kCacheLine);
    mapped_ = align_up(work_bytes + run_count_ * sizeof(run_span), kPageSize);
    work_ = static_cast<work_item*>(os_map_guarded(mapped_));
    if (work_ == nullptr) return false;
    runs_ = reinterpret_cast<run_span*>(reinterpret_cast<char*>(work_) + work_bytes);
    run_count_ = 0;
    for_each_place([](const place& p, void* self) { static_cast<leak_marker*>(self)->collect(p); }, this);
    auto before = [](const run_span& a, const run_span& b) { return a.start < b.start; };
    for (size_t i = run_count_ / 2; i-- > 0;) sift(runs_, i, run_count_, before);
    for (size_t i = run_count_; i > 1; i--) {
        run_span last = runs_[i - 1];
        runs_[i - 1] = runs_[0];
        runs_[0] = last;
        sift(runs_, 0, i - 1, before);
    }
    return true;
}

void leak_marker::close() {
    if (work_ != nullptr) os_unmap(reinterpret_cast<char*>(work_) - os_page_size(), mapped_ + 2 * os_page_size());
    work_ = nullptr;
}

// ---- From a word to an object.

const leak_marker::run_span* leak_marker::span_around(uintptr_t word) const {
    size_t low = 0;
    size_t high = run_count_;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (word >= runs_[middle].end)
            low = middle + 1;
        else
            high = middle;
    }
    return low < run_count_ && word >= runs_[low].start ? &runs_[low] : nullptr;
}

bool leak_marker::find(uintptr_t word, place& p) const {
    const void* address = reinterpret_cast<const void*>(word);
    page_owner owner = page_owner_of(address);
    if (owner.none()) {
        const run_span* around = span_around(word);
        if (around == nullptr) return false;
        p = place_of_run(around->of);
        return is_live(p);
    }
    return place_of_owner(address, owner, p) && is_live(p);
}

// What operator new[] returns may lie behind the number of elements, one word or what alignment makes of it.
leak_marker::hit leak_marker::what_is_hit(const place& p, uintptr_t word) {
    const object_record& r = *p.record;
    size_t distance = word - reinterpret_cast<uintptr_t>(p.object());
    // A thread that is stopped within malloc knows the place only.
    if (distance == 0 || word == reinterpret_cast<uintptr_t>(p.begin)) return hit::start;
    if (distance > r.requested) return hit::none;
    bool array = family_of(r.allocated_by) == call_family::cxx_array;
    size_t cookie = is_aligned_call(r.allocated_by) ? size_t{1} << r.align_shift : 0;
    if (array && (distance == 8 || distance == 16 || distance == cookie)) {
        size_t elements = word_at(p.object() + distance - sizeof(size_t));
        size_t bytes = r.requested - distance;
        bool fits = elements == 0 ? bytes == 0 : bytes % elements == 0;
        if (fits) return hit::start;
    }
    return distance < r.requested ? hit::inside : hit::none;
}

// ---- The four phases.

void leak_marker::push(const place& p) {
    if (KSLAB_LIKELY(work_count_ < work_capacity_)) work_[work_count_++] = {p.object(), p.record->requested};
}

void leak_marker::reach(const place& p, hit how) {
    object_record& r = *p.record;
    if ((r.marks & kMarkReached) != 0) return;
    if (how == hit::inside) {
        r.marks |= kMarkInterior;
        return;
    }
    r.marks |= kMarkReached;
    push(p);
}

void leak_marker::look_at(uintptr_t word) {
    if (word < lowest_ || word > highest_) return;
    place p;
    if (!find(word, p)) return;
    hit how = what_is_hit(p, word);
    if (how == hit::none) return;
    object_record& r = *p.record;
    switch (phase_) {
        case phase::reach:
            return reach(p, how);
        case phase::possible:
            if (!is_leaked(r)) return;
            r.marks |= kMarkInterior;
            return push(p);
        case phase::lead:
            if (!is_leaked(r) || (r.marks & kMarkIndirect) != 0 || &r == leader_ || !is_own(r)) return;
            r.marks |= kMarkIndirect;
            return push(p);
        case phase::attribute:
            if (!is_leaked(r) || (r.marks & kMarkIndirect) == 0) return;
            r.marks |= kMarkReached;
            indirect_.add(r.requested);
            return push(p);
    }
}

void leak_marker::look_at_words(const uintptr_t* words, size_t count, void* marker) {
    leak_marker* self = static_cast<leak_marker*>(marker);
    for (size_t i = 0; i < count; i++) self->look_at(words[i]);
}

// By value: its place on the list is used again meanwhile.
void leak_marker::scan(work_item item) {
    if (item.bytes >= kReadDirectly) {
        uintptr_t start = reinterpret_cast<uintptr_t>(item.object);
        uintptr_t end = start + item.bytes;
        // An object that ends at its guard to the byte has its words wherever it begins.
        if (start % sizeof(uintptr_t) != 0) return reader_.read(start, end, {look_at_words, this});
        return reader_.read_written(start, end, {look_at_words, this});
    }
    for (size_t at = 0; at + sizeof(uintptr_t) <= item.bytes; at += sizeof(uintptr_t))
        look_at(word_at(item.object + at));
}

void leak_marker::drain() {
    while (work_count_ > 0) scan(work_[--work_count_]);
}

void leak_marker::mark_from(const uintptr_t* words, size_t count) {
    for (size_t i = 0; i < count; i++) look_at(words[i]);
}

void leak_marker::mark_root_words(const uintptr_t* words, size_t count, void* marker) {
    static_cast<leak_marker*>(marker)->mark_from(words, count);
}

void leak_marker::flood(const place& p, phase how) {
    phase_ = how;
    leader_ = p.record;
    indirect_ = leak_sum{};
    scan({p.object(), p.record->requested});
    drain();
}

void leak_marker::settle() {
    drain();
    phase_ = phase::possible;
    for_each_place(
        [](const place& p, void* self) {
            uint8_t marks = p.record->marks & (kMarkReached | kMarkInterior);
            if (!is_live(p) || marks != kMarkInterior) return;
            static_cast<leak_marker*>(self)->scan({p.object(), p.record->requested});
            static_cast<leak_marker*>(self)->drain();
        },
        this);
    for_each_place(
        [](const place& p, void* self) {
            const object_record& r = *p.record;
            if (!is_live(p) || !is_leaked(r) || !is_own(r) || (r.marks & kMarkIndirect) != 0) return;
            static_cast<leak_marker*>(self)->flood(p, phase::lead);
        },
        this);
}

void leak_marker::for_each_leak(leak_visit visit, void* context) {
    visit_context all = {this, visit, context};
    for_each_place(
        [](const place& p, void* context_of_all) {
            const visit_context& to = *static_cast<visit_context*>(context_of_all);
            const object_record& r = *p.record;
            if (!is_live(p) || !is_own(r)) return;
            uint8_t marks = r.marks & kScanMarks;
            if (marks == kMarkInterior) to.visit(p, true, leak_sum{}, to.context);
            if (marks != 0) return;
            to.marker->flood(p, phase::attribute);
            to.visit(p, false, to.marker->indirect_, to.context);
        },
        &all);
}

}  // namespace kslab
