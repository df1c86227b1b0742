#include "debug/validate_objects.h"

#include "debug/bad_calls.h"
#include "debug/objects.h"
#include "debug/on_demand.h"
#include "kmalloc/kmalloc.h"

namespace kslab {

damage check_where_it_stands(const place& p) {
    if (p.record->state == object_state::live) return check_redzones(p, kRedzoneActive);
    if (place_is_hidden(p)) return {};
    if (damage d = check_redzones(p, kRedzoneInactive)) return d;
    return check_poison(p);
}

namespace {

// Damaged places found in one walk; they are reported when no lock is held.
struct suspects {
    validation_stats seen;
    static constexpr unsigned kMost = 32;
    void* begin[kMost];
    unsigned count;
};

void look_at(const place& p, void* context) {
    auto* found = static_cast<suspects*>(context);
    if (found->count == suspects::kMost) return;
    object_lock lock(p.begin);
    found->seen.objects++;
    if (!place_is_hidden(p))
        found->seen.bytes += p.record->state == object_state::live ? p.bytes - p.record->requested : p.bytes;
    if (check_where_it_stands(p)) found->begin[found->count++] = p.begin;
}

bool report_suspect(void* begin, const char* found_by) {
    place p;
    if (!find_place(begin, p)) return false;
    finding_lease f;
    damage d;
    {
        object_lock lock(begin);
        d = check_where_it_stands(p);
        if (d) note_damage(f, p, d);
    }
    if (d) report_damage(f, found_by, false);
    return static_cast<bool>(d);
}

}  // namespace

namespace {

// Of whichever validation was the last to end.
struct {
    relaxed<size_t> objects;
    relaxed<size_t> bytes;
    void operator=(const validation_stats& seen) {
        objects = seen.objects;
        bytes = seen.bytes;
    }
} last_seen;

}  // namespace

validation_stats validation_read_stats() { return {last_seen.objects, last_seen.bytes}; }

size_t validate_objects(const char* found_by) {
    size_t damaged = 0;
    for (;;) {
        suspects found;
        found.count = 0;
        found.seen = {};
        for_each_place(look_at, &found);
        last_seen = found.seen;
        size_t before = damaged;
        for (unsigned i = 0; i < found.count; i++) damaged += report_suspect(found.begin[i], found_by) ? 1 : 0;
        // A thread that goes on writing would keep us here.
        if (found.count < suspects::kMost || damaged == before) return damaged;
    }
}

namespace {

std::atomic<size_t> operations{0};

}  // namespace

void validate_now_and_then() {
    if (active_options.report_signal != 0) on_demand_now();
    size_t every = active_options.validate_every;
    if (KSLAB_LIKELY(every == 0)) return;
    if (operations.fetch_add(1, std::memory_order_relaxed) % every == every - 1) validate_objects("periodic validation");
}

}  // namespace kslab
