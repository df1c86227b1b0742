#include "debug/object/validate_objects.h"

#include "debug/object/bad_calls.h"
#include "debug/object/objects.h"
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

// Damaged objects of one walk: copied and repaired where they are found, with the locks that keep them there, and
// reported when no lock is held.
struct suspects {
    static constexpr unsigned kMost = 4;
    finding_lease damaged[kMost];
    unsigned count = 0;
    validation_stats seen{};
};

void look_at(const place& p, void* context) {
    auto* found = static_cast<suspects*>(context);
    if (found->count == suspects::kMost) return;
    object_lock lock(p.begin);
    found->seen.objects++;
    if (!place_is_hidden(p))
        found->seen.bytes += p.record->state == object_state::live ? p.bytes - p.record->requested : p.bytes;
    damage d = check_where_it_stands(p);
    if (!d || !found->damaged[found->count].borrow(defect::poison)) return;
    note_damage(found->damaged[found->count++], p, d);
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
    // A thread that goes on writing shall not keep us here.
    constexpr unsigned kMostWalks = 1000;
    size_t damaged = 0;
    for (unsigned walk = 0; walk < kMostWalks; walk++) {
        suspects found;
        for_each_place(look_at, &found);
        for (unsigned i = 0; i < found.count; i++) report_damage(found.damaged[i], found_by, false);
        damaged += found.count;
        last_seen = found.seen;
        if (found.count < suspects::kMost) break;
    }
    return damaged;
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
