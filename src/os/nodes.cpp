#include "os/nodes.h"

#include <atomic>

#include "base/bits.h"
#include "os/memory.h"
#include "os/syscall.h"
#include "os/system_file.h"
#include "os/vdso.h"

namespace kslab {

namespace {

// What Linux can be built for, and then some.
constexpr unsigned kMostNodes = 1024;

// 0: not known yet.
std::atomic<unsigned> nodes{0};
std::atomic<unsigned> pretended{0};
std::atomic<unsigned (*)()> current_source{nullptr};
std::atomic<bool (*)(void*, size_t, unsigned)> binder{nullptr};

// On most machines one call says all; where it is refused, or there is more to know, a file does.
bool has_only_first_node() {
    constexpr long kMemsAllowed = 4;  // MPOL_F_MEMS_ALLOWED
    uint64_t allowed[kMostNodes / 64] = {};
    if (raw_syscall(SYS_get_mempolicy, 0, reinterpret_cast<long>(allowed), kMostNodes, 0, kMemsAllowed) != 0) return false;
    for (unsigned i = 1; i < kMostNodes / 64; i++)
        if (allowed[i] != 0) return false;
    return allowed[0] == 1;
}

unsigned read_nodes() {
    if (has_only_first_node()) return 1;
    char list[512];
    size_t length = os_read_file("/sys/devices/system/node/online", list, sizeof list);
    unsigned count = length == 0 ? 0 : parse_node_list(list, length);
    return count == 0 ? 1 : count;
}

// Returns false when no digit is there.
bool read_number(const char* text, size_t length, size_t& at, unsigned& number) {
    size_t first = at;
    for (number = 0; at < length && text[at] >= '0' && text[at] <= '9'; at++)
        if (number < kMostNodes) number = number * 10 + static_cast<unsigned>(text[at] - '0');
    return at > first && number < kMostNodes;
}

using getcpu_function = long(unsigned* cpu, unsigned* node, void* unused);

// Not looked for yet, not there, or the function.
std::atomic<uintptr_t> known_getcpu{0};
constexpr uintptr_t kNone = 1;

getcpu_function* vdso_getcpu() {
    uintptr_t value = known_getcpu.load(std::memory_order_relaxed);
    if (value == 0) {
        value = reinterpret_cast<uintptr_t>(find_in_vdso("__vdso_getcpu"));
        if (value == 0) value = kNone;
        known_getcpu.store(value, std::memory_order_relaxed);
    }
    return value == kNone ? nullptr : reinterpret_cast<getcpu_function*>(value);
}

unsigned ask_for_node() {
    if (auto source = current_source.load(std::memory_order_relaxed)) return source();
    unsigned cpu = 0;
    unsigned node = 0;
    getcpu_function* read = vdso_getcpu();
    long failed = read != nullptr
                      ? read(&cpu, &node, nullptr)
                      : raw_syscall(SYS_getcpu, reinterpret_cast<long>(&cpu), reinterpret_cast<long>(&node), 0);
    return failed == 0 ? node : 0;
}

}  // namespace

unsigned parse_node_list(const char* text, size_t length) {
    unsigned count = 0;
    size_t at = 0;
    for (;;) {
        unsigned first, last;
        if (!read_number(text, length, at, first)) return 0;
        last = first;
        if (at < length && text[at] == '-' && (!read_number(text, length, ++at, last) || last < first)) return 0;
        if (last >= count) count = last + 1;
        if (at == length || text[at] == '\n') return count;
        if (text[at++] != ',') return 0;
    }
}

unsigned os_nodes() {
    if (unsigned seeming = pretended.load(std::memory_order_relaxed)) return seeming;
    unsigned count = nodes.load(std::memory_order_relaxed);
    // Two threads that come first at once read the same.
    if (KSLAB_UNLIKELY(count == 0)) nodes.store(count = read_nodes(), std::memory_order_relaxed);
    return count;
}

unsigned os_current_node() {
    unsigned count = os_nodes();
    if (count == 1) return 0;
    unsigned node = ask_for_node();
    return node < count ? node : 0;
}

bool os_bind_to_node(void* start, size_t bytes, unsigned node) {
    // From the kernel's interface; <numaif.h> belongs to libnuma.
    constexpr long kPreferred = 1;
    constexpr long kMove = 2;
    constexpr size_t kWordBits = 8 * sizeof(unsigned long);
    if (auto instead = binder.load(std::memory_order_relaxed)) return instead(start, bytes, node);
    if (node >= kMostNodes) return false;
    uintptr_t first = align_up(reinterpret_cast<uintptr_t>(start), os_page_size());
    uintptr_t last = align_down(reinterpret_cast<uintptr_t>(start) + bytes, os_page_size());
    if (first >= last) return false;
    unsigned long mask[kMostNodes / kWordBits] = {};
    mask[node / kWordBits] = 1ul << (node % kWordBits);
    // The kernel takes one bit less than it is told.
    return raw_syscall(SYS_mbind, static_cast<long>(first), static_cast<long>(last - first), kPreferred,
                       reinterpret_cast<long>(mask), kMostNodes + 1, kMove) == 0;
}

void os_nodes_pretend(unsigned seeming, unsigned (*current)()) {
    pretended.store(seeming, std::memory_order_relaxed);
    current_source.store(current, std::memory_order_relaxed);
    known_getcpu.store(0, std::memory_order_relaxed);
}

void os_bind_pretend(bool (*instead)(void*, size_t, unsigned)) { binder.store(instead, std::memory_order_relaxed); }

}  // namespace kslab
