// What was found so far, and whether a finding was found before: the same defect with the same stacks is one finding,
// however often it happens. A table of fixed size, guarded by report_lock; when it is full, findings count as new.
#include "debug/report/report.h"

namespace kslab {

report_tally tally;

namespace {

struct seen_finding {
    uint64_t hash;  // 0: none
    size_t objects, bytes;                    // of leaks: what was counted already
    size_t indirect_objects, indirect_bytes;
};
constexpr size_t kSeen = 2048;
constexpr size_t kProbes = 64;
KSLAB_APART seen_finding seen[kSeen];

uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

// Who stumbles on a write after free (an allocation, a check at exit) has nothing to do with it.
bool stack_is_the_bugs(const finding& f) { return f.what != defect::poison && !(f.bytes && finding_object_freed(f)); }

// Where no stack is known at all, the object stands for it.
uint64_t hash_of(const finding& f) {
    uint64_t hash = mix(1, static_cast<uint64_t>(f.what));
    uint32_t allocated = f.has_object ? f.record.allocated.stack : 0;
    uint32_t freed = finding_object_freed(f) ? f.record.freed.stack : 0;
    hash = mix(mix(hash, allocated), freed);
    unsigned frames = stack_is_the_bugs(f) ? f.stack.count : 0;
    for (unsigned i = 0; i < frames; i++) hash = mix(hash, f.stack.frame[i]);
    if (allocated == 0 && freed == 0 && frames == 0) {
        const void* where = f.has_object ? f.where.begin : f.address;
        hash = mix(hash, reinterpret_cast<uintptr_t>(where));
    }
    return hash | 1;
}

// Null when the table is full around there.
seen_finding* find_seen(uint64_t hash) {
    for (size_t probe = 0; probe < kProbes; probe++) {
        seen_finding& entry = seen[((hash >> 8) + probe) & (kSeen - 1)];
        if (entry.hash == hash || entry.hash == 0) return &entry;
    }
    return nullptr;
}

size_t growth(size_t& before, size_t now) {
    size_t grown = now > before ? now - before : 0;
    before += grown;
    return grown;
}

// True when more has leaked since the last time.
bool add_leak(const finding& f, seen_finding& entry) {
    size_t objects = growth(entry.objects, f.count), bytes = growth(entry.bytes, f.total_bytes);
    tally.indirect_objects += growth(entry.indirect_objects, f.indirect_count);
    tally.indirect_bytes += growth(entry.indirect_bytes, f.indirect_bytes);
    switch (f.what) {
        case defect::leak_possible:
            tally.possible_objects += objects;
            tally.possible_bytes += bytes;
            break;
        default:
            tally.leaked_objects += objects;
            tally.leaked_bytes += bytes;
            break;
    }
    return objects != 0 || bytes != 0;
}

}  // namespace

bool tally_count(const finding& f) {
    uint64_t hash = hash_of(f);
    seen_finding* entry = find_seen(hash);
    seen_finding unknown{};
    if (entry == nullptr) entry = &unknown;
    bool fresh = entry->hash == 0;
    entry->hash = hash;
    kind_tally& kind = tally.kind[static_cast<unsigned>(f.what)];
    bool grown = finding_is_leak(f) && add_leak(f, *entry);
    if (fresh) {
        kind.findings++;
        tally.findings++;
        if (!finding_is_leak(f)) tally.errors++;
        if (f.what == defect::leak) tally.definite_leaks++;
    } else {
        kind.repeated++;
        tally.repeated++;
    }
    return fresh || grown;
}

void tally_reset() {
    if (tally.findings == 0) return;
    tally = {};
    __builtin_memset(seen, 0, sizeof seen);
}

}  // namespace kslab
