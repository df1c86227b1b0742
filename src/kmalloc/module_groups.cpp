#include "kmalloc/module_groups.h"

#include "base/format.h"
#include "base/relaxed.h"
#include "cache/group.h"
#include "os/maps_reader.h"

namespace kslab {

constinit bool by_module = false;
constinit mutex module_groups_lock{lock_rank::modules};

namespace {

// Return address and group in one word, found by the address: a collision costs a new look.
constexpr unsigned kVerdictBits = 12;
constexpr unsigned kGroupBits = 16;
KSLAB_APART constinit relaxed<uint64_t> verdicts[1u << kVerdictBits]{};
static_assert(kMostGroups <= 1u << kGroupBits, "a group fits into its bits");
static_assert(kAddressBits + kGroupBits <= 64, "an address and a group fit into a word");

relaxed<uint64_t>& verdict_of(uintptr_t address) {
    return verdicts[(address * 0x9e3779b97f4a7c15u) >> (64 - kVerdictBits)];
}

// ---- With module_groups_lock.

struct module {
    uint64_t path;  // its hash: two plugins of one name are two modules
    uint32_t group; // 0: none yet
    char name[kGroupNameBytes];
};
struct code_range {
    uintptr_t start, end;
    uint32_t module;
};
constexpr unsigned kMostModules = kMostGroups;
constexpr unsigned kMostRanges = 2048;
KSLAB_APART module modules[kMostModules];
KSLAB_APART code_range ranges[kMostRanges];
unsigned module_count = 0;
unsigned range_count = 0;
maps_reader reader;

// What the system puts behind the path of a file that was replaced while it is mapped.
constexpr char kDeleted[] = " (deleted)";

size_t path_length(const char* path) {
    constexpr size_t kSuffix = sizeof kDeleted - 1;
    size_t length = string_length(path);
    return length > kSuffix && strings_equal(path + length - kSuffix, kDeleted) ? length - kSuffix : length;
}

uint64_t hash_of(const char* path, size_t length) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++) hash = (hash ^ static_cast<unsigned char>(path[i])) * 0x100000001b3u;
    return hash;
}

size_t last_component(const char* path, size_t length) {
    while (length > 0 && path[length - 1] != '/') length--;
    return length;
}

// What comes when there are too many goes to the last.
unsigned module_of_path(const char* path) {
    if (path[0] == '\0') path = "[anonymous]";
    size_t length = path_length(path);
    uint64_t hash = hash_of(path, length);
    for (unsigned i = 0; i < module_count; i++)
        if (modules[i].path == hash) return i;
    if (module_count == kMostModules) return kMostModules - 1;
    module& m = modules[module_count];
    m.path = hash;
    m.group = 0;
    size_t begin = last_component(path, length);
    size_t kept = length - begin < kGroupNameBytes - 1 ? length - begin : kGroupNameBytes - 1;
    for (size_t i = 0; i < kept; i++) m.name[i] = path[begin + i];
    m.name[kept] = '\0';
    return module_count++;
}

void read_ranges() {
    range_count = 0;
    if (!reader.open()) return;
    while (const maps_line* line = reader.next()) {
        if (!line->executable || range_count == kMostRanges) continue;
        ranges[range_count++] = {line->start, line->end, module_of_path(line->path)};
    }
    reader.close();
}

// They ascend. Null when none holds the address.
const code_range* find_range(uintptr_t address) {
    unsigned low = 0;
    for (unsigned high = range_count; low < high;) {
        unsigned middle = (low + high) / 2;
        if (ranges[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < range_count && ranges[low].start <= address ? &ranges[low] : nullptr;
}

unsigned look_up(uintptr_t address) {
    const code_range* range = find_range(address);
    if (range == nullptr) {
        read_ranges();
        range = find_range(address);
    }
    module& m = modules[range != nullptr ? range->module : module_of_path("")];
    if (m.group == 0) {
        int made = group_create(m.name, 0, true);
        m.group = made > 0 ? static_cast<uint32_t>(made) : 0;
    }
    return m.group;
}

}  // namespace

unsigned module_group(const void* return_address) {
    auto address = reinterpret_cast<uintptr_t>(return_address);
    relaxed<uint64_t>& verdict = verdict_of(address);
    uint64_t known = verdict;
    if (KSLAB_LIKELY(known >> kGroupBits == address && known != 0)) return known & ((1u << kGroupBits) - 1);
    scoped_lock lock(module_groups_lock);
    // The call may be the last instruction of its module.
    unsigned id = look_up(address - 1);
    verdict = address << kGroupBits | id;
    return id;
}

void module_groups_forget() {
    if (!by_module) return;
    scoped_lock lock(module_groups_lock);
    range_count = 0;
    for (relaxed<uint64_t>& verdict : verdicts) verdict = 0;
}

}  // namespace kslab
