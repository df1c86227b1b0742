#include "debug/stack/backtrace_rules.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>

#include "base/relaxed.h"
#include "pages/meta_arena.h"

#pragma weak dlsym
#pragma weak dl_iterate_phdr

namespace kslab {

constinit std::atomic<rule_set*> rule_cache{nullptr};
constinit std::atomic<uint32_t> rule_generation{1};

namespace {

constexpr size_t kSets = size_t{1} << kSetBits;

// What glibc's _dl_find_object fills in; glibc 2.34 does not have it.
struct found_object {
    unsigned long long flags;
    void* map_start;
    void* map_end;
    void* link_map;
    void* eh_frame;
    unsigned long long reserved[7];
};
using find_object_function = int(void*, found_object*);

relaxed<find_object_function*> find_object;
relaxed<bool> iterate;

struct module_query {
    uintptr_t pc;
    module_tables* out;
};

int look_at_module(dl_phdr_info* module, size_t, void* context) {
    auto* query = static_cast<module_query*>(context);
    module_tables found{~uintptr_t{0}, 0, nullptr};
    bool inside = false;
    for (size_t i = 0; i < module->dlpi_phnum; i++) {
        const ElfW(Phdr)& header = module->dlpi_phdr[i];
        uintptr_t start = module->dlpi_addr + header.p_vaddr;
        if (header.p_type == PT_GNU_EH_FRAME) found.header = reinterpret_cast<const void*>(start);
        if (header.p_type != PT_LOAD) continue;
        if (query->pc - start < header.p_memsz) inside = true;
        if (start < found.start) found.start = start;
        if (start + header.p_memsz > found.end) found.end = start + header.p_memsz;
    }
    if (!inside) return 0;
    *query->out = found;
    return 1;
}

bool find_module(uintptr_t pc, module_tables& out) {
    if (find_object != nullptr && !iterate) return module_around(pc, out);
    if (!iterate || &dl_iterate_phdr == nullptr) return false;
    module_query query{pc, &out};
    return dl_iterate_phdr(look_at_module, &query) != 0;
}

// Modules that rules were read from. An entry is taken by its start; `end` comes last, and is zero until then.
struct known_module {
    std::atomic<uintptr_t> start;
    std::atomic<uintptr_t> end;
    std::atomic<const void*> header;
};
constexpr unsigned kKnownModules = 256;
KSLAB_APART constinit known_module known[kKnownModules] = {};

bool is_known(const known_module& k, const module_tables& m) {
    return k.start.load(std::memory_order_relaxed) == m.start && k.end.load(std::memory_order_relaxed) == m.end &&
           k.header.load(std::memory_order_relaxed) == m.header;
}

// Something else lies where a module was that gave us rules: it was unloaded.
void note_module(const module_tables& m) {
    bool listed = false;
    bool stale = false;
    for (known_module& k : known) {
        uintptr_t start = k.start.load(std::memory_order_relaxed);
        if (start == 0) break;
        if (is_known(k, m))
            listed = true;
        else if (start < m.end && m.start < k.end.load(std::memory_order_relaxed))
            stale = true;
    }
    if (listed && !stale) return;
    if (stale) rules_forget();
    for (known_module& k : known) {
        uintptr_t empty = 0;
        if (!k.start.compare_exchange_strong(empty, m.start, std::memory_order_relaxed)) continue;
        k.header.store(m.header, std::memory_order_relaxed);
        k.end.store(m.end, std::memory_order_relaxed);
        return;
    }
    rules_forget();  // too many: begin again
}

// After rules_boot: before it no module is found.
void keep_rule(uintptr_t pc, packed_rule rule) {
    rule_set& set = rules_around(rule_cache.load(std::memory_order_relaxed), pc);
    static constinit std::atomic<unsigned> next{0};
    unsigned victim = next.load(std::memory_order_relaxed);
    next.store(victim + 1, std::memory_order_relaxed);
    for (unsigned i = 0; i < kRuleWays; i++)
        if (set.way[i].load(std::memory_order_relaxed) == 0) victim = i;
    set.way[victim % kRuleWays].store(rule.word(), std::memory_order_relaxed);
}

constexpr uintptr_t kLowestCode = uintptr_t{1} << 16;
constexpr uintptr_t kHighestCode = uintptr_t{1} << kAddressBits;

}  // namespace

bool module_around(uintptr_t pc, module_tables& out) {
    find_object_function* search = find_object;
    found_object found;
    if (search == nullptr || iterate || search(reinterpret_cast<void*>(pc), &found) != 0) return false;
    out = {reinterpret_cast<uintptr_t>(found.map_start), reinterpret_cast<uintptr_t>(found.map_end), found.eh_frame};
    return true;
}

KSLAB_NOINLINE packed_rule rule_for_slow(uintptr_t pc) {
    unwind_rule rule;
    if (pc < kLowestCode || pc >= kHighestCode) return {pc, rule};
    // The loader's functions may not work yet.
    if (find_object == nullptr && !iterate) return {pc, {unwind_kind::end, 0, 0}};
    module_tables module;
    if (find_module(pc, module)) {
        note_module(module);
        rule = read_unwind_rule(module.header, pc);
    }
    packed_rule packed(pc, rule);
    // What has no module may get one.
    if (module.end != 0) keep_rule(pc, packed);
    return packed;
}

bool rules_boot() {
    int saved = errno;
    if (rule_cache.load(std::memory_order_relaxed) == nullptr) {
        void* memory = metadata_allocate(kSets * sizeof(rule_set));  // which is no root of the leak scan
        if (memory == nullptr) return false;
        // Debugging may begin late: threads that run look at it from now on, and find it empty.
        rule_cache.store(static_cast<rule_set*>(__builtin_memset(memory, 0, kSets * sizeof(rule_set))), std::memory_order_release);
    }
    if (&dlsym != nullptr)
        find_object = reinterpret_cast<find_object_function*>(dlsym(RTLD_DEFAULT, "_dl_find_object"));
    errno = saved;
    iterate = find_object == nullptr;
    return true;
}

void rules_use_search(module_search search) { iterate = search == module_search::iterate; }

void rules_forget() {
    for (known_module& k : known) {
        k.end.store(0, std::memory_order_relaxed);
        k.start.store(0, std::memory_order_relaxed);
    }
    rule_set* cache = rule_cache.load(std::memory_order_acquire);
    for (rule_set* set = cache; set != nullptr && set != cache + kSets; set++)
        for (std::atomic<uint64_t>& way : set->way) way.store(0, std::memory_order_relaxed);
    rule_generation.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace kslab
