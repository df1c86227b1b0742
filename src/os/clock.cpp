// The vDSO's function itself, not libc's: a program that interposes clock_gettime may allocate in it, and the clock
// is read with locks held.
#include "os/clock.h"

#include <time.h>

#include <atomic>

#include "os/elf_symbols.h"
#include "os/environment.h"

namespace kslab {

namespace {

using clock_function = int(clockid_t, timespec*);

#if defined(__x86_64__)
constexpr char kName[] = "__vdso_clock_gettime";
#else
constexpr char kName[] = "__kernel_clock_gettime";
#endif

std::atomic<bool (*)(uint64_t&)> replacement{nullptr};

clock_function* find_in_vdso() {
    auto* header = static_cast<const ElfW(Ehdr)*>(start_block().vdso);
    if (header == nullptr) return nullptr;
    ElfW(Addr) at = reinterpret_cast<ElfW(Addr)>(header);
    auto* segment = reinterpret_cast<const ElfW(Phdr)*>(at + header->e_phoff);
    ElfW(Addr) base = at;
    const ElfW(Phdr)* dynamic = nullptr;
    for (int i = 0; i < header->e_phnum; i++) {
        if (segment[i].p_type == PT_LOAD) base = at + segment[i].p_offset - segment[i].p_vaddr;
        if (segment[i].p_type == PT_DYNAMIC) dynamic = &segment[i];
    }
    if (dynamic == nullptr) return nullptr;
    auto* section = reinterpret_cast<const ElfW(Dyn)*>(at + dynamic->p_offset);
    const ElfW(Sym)* symbol = find_symbol(read_dynamic(section, base), kName);
    return symbol == nullptr ? nullptr : reinterpret_cast<clock_function*>(base + symbol->st_value);
}

// Not looked for yet, not there, or the function.
std::atomic<uintptr_t> known{0};
constexpr uintptr_t kNone = 1;

clock_function* vdso_clock() {
    uintptr_t value = known.load(std::memory_order_relaxed);
    if (value == 0) {
        value = reinterpret_cast<uintptr_t>(find_in_vdso());
        if (value == 0) value = kNone;
        known.store(value, std::memory_order_relaxed);
    }
    return value == kNone ? nullptr : reinterpret_cast<clock_function*>(value);
}

}  // namespace

bool clock_read(uint64_t& milliseconds) {
    if (auto source = replacement.load(std::memory_order_relaxed)) return source(milliseconds);
    clock_function* read = vdso_clock();
    timespec now;
    if (read == nullptr || read(CLOCK_MONOTONIC_COARSE, &now) != 0) return false;
    milliseconds = static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
    return true;
}

void clock_set_source(bool (*source)(uint64_t&)) { replacement.store(source, std::memory_order_relaxed); }

}  // namespace kslab
