#include "pages/meta_arena.h"

#include "base/bits.h"
#include "os/memory.h"

namespace kslab {

constinit mutex metadata_lock{lock_rank::meta_arena};

namespace {

constexpr size_t kGrain = 64;
constexpr size_t kFineLimit = 2048;  // up to here lists for each multiple of the grain, then powers of two
constexpr size_t kFineLists = kFineLimit / kGrain;
constexpr size_t kCoarseLists = 16;
constexpr size_t kInLibrary = size_t{64} << 10;
constexpr size_t kLargestMapping = size_t{1} << 20;

struct free_record {
    free_record* next;
};

// At the start of each mapping, so that all can be found.
struct alignas(kGrain) mapping_record {
    mapping_record* next;
    char* end;
};

KSLAB_APART char in_library[kInLibrary];
// Nearly every program uses so much of it soon, most for its first thread: it comes resident in one call.
constexpr size_t kUsedAtOnce = size_t{40} << 10;

struct {
    mapping_record* mappings;
    free_record* lists[kFineLists + kCoarseLists];
    char* next;
    char* end;
    size_t taken;
} arena;

size_t rounded(size_t bytes) { return bytes <= kFineLimit ? align_up(bytes, kGrain) : next_power_of_two(bytes); }

free_record** list_for(size_t size) {
    if (size <= kFineLimit) return &arena.lists[size / kGrain - 1];
    return &arena.lists[kFineLists + log2_floor(size) - log2_floor(kFineLimit) - 1];
}

void* take_locked(size_t size) {
    free_record** list = list_for(size);
    if (free_record* record = *list) {
        *list = record->next;
        return record;
    }
    if (static_cast<size_t>(arena.end - arena.next) < size) return nullptr;
    void* record = arena.next;
    arena.next += size;
    return record;
}

void push_locked(void* memory, size_t size) {
    free_record** list = list_for(size);
    free_record* record = static_cast<free_record*>(memory);
    record->next = *list;
    *list = record;
}

// What is left of the old mapping still serves small records.
void retire_rest_locked() {
    while (static_cast<size_t>(arena.end - arena.next) >= kGrain) {
        size_t left = static_cast<size_t>(arena.end - arena.next);
        size_t size = left <= kFineLimit ? align_down(left, kGrain) : kFineLimit;
        push_locked(arena.next, size);
        arena.next += size;
    }
}

// As much as there is already.
size_t wanted_locked() {
    size_t wanted = next_power_of_two(arena.taken);
    return wanted < kLargestMapping ? wanted : kLargestMapping;
}

void use_locked(char* memory, size_t bytes) {
    arena.next = memory;
    arena.end = memory + bytes;
    arena.taken += bytes;
}

void use_mapping_locked(char* mapping, size_t bytes) {
    use_locked(mapping, bytes);
    *reinterpret_cast<mapping_record*>(mapping) = {arena.mappings, arena.end};
    arena.mappings = reinterpret_cast<mapping_record*>(mapping);
    arena.next += sizeof(mapping_record);
}

}  // namespace

void* metadata_allocate(size_t bytes) {
    size_t size = rounded(bytes);
    scoped_lock lock(metadata_lock);
    for (;;) {
        if (void* record = take_locked(size)) return record;
        if (arena.taken == 0) {
            os_populate_own(in_library, kUsedAtOnce);
            use_locked(in_library, kInLibrary);
            continue;
        }
        size_t wanted = wanted_locked();
        lock.unlock();
        size_t least = align_up(size + sizeof(mapping_record), kPageSize);
        size_t map_bytes = wanted < least ? least : wanted;
        void* mapping = os_map_guarded(map_bytes);
        if (mapping == nullptr) mapping = os_map_guarded(map_bytes = least);
        if (mapping == nullptr) return nullptr;
        lock.lock();
        // Other threads may have been quicker. Of many that come at once each would map little, and what is left of it is dirty.
        void* record = take_locked(size);
        if (record != nullptr || (map_bytes == wanted && wanted < wanted_locked())) {
            lock.unlock();
            os_unmap(static_cast<char*>(mapping) - os_page_size(), map_bytes + 2 * os_page_size());
            if (record != nullptr) return record;
            lock.lock();
            continue;
        }
        retire_rest_locked();
        use_mapping_locked(static_cast<char*>(mapping), map_bytes);
    }
}

void metadata_free(void* record, size_t bytes) {
    scoped_lock lock(metadata_lock);
    push_locked(record, rounded(bytes));
}

size_t metadata_taken() {
    scoped_lock lock(metadata_lock);
    return arena.taken;
}

address_range metadata_in_library() {
    uintptr_t start = reinterpret_cast<uintptr_t>(in_library);
    return {start, start + kInLibrary};
}

bool in_metadata_mapping(uintptr_t address) {
    scoped_lock lock(metadata_lock);
    for (mapping_record* at = arena.mappings; at != nullptr; at = at->next)
        if (address >= reinterpret_cast<uintptr_t>(at) && address < reinterpret_cast<uintptr_t>(at->end)) return true;
    return false;
}

}  // namespace kslab
