// Bringing the allocator up, and what reaping does beyond the threads' arrays.
#include "base/bits.h"
#include "base/check.h"
#include "cache/group.h"
#include "cache/node.h"
#include "config/debug_names.h"
#include "kmalloc/kmalloc.h"
#include "kmalloc/module_groups.h"
#include "os/clock.h"
#include "os/environment.h"
#include "os/memory.h"
#include "os/report_fd.h"
#include "pages/page_allocator.h"
#include "thread/rcu.h"
#include "thread/slots.h"

namespace kslab {

constinit options active_options{};
constinit kmalloc_state kmalloc_caches{};
constinit debug_switches active_switches{};
constinit relaxed<uint32_t> debug_flags = 0;
constinit uint32_t debug_large_flags = 0;
constinit bool debug_sampling = false;

namespace {

mutex boot_lock{lock_rank::boot};
std::atomic<bool> ready{false};

void make_name(char* name, size_t size) {
    text out(name, kCacheNameBytes - 1);
    out.put("kmalloc-").dec(size);
    name[out.length()] = '\0';
}

void make_class_cache(unsigned index) {
    kmem_cache* cache = &kmalloc_caches.caches[index];
    size_t size = kmalloc_caches.classes.size[index];
    char name[kCacheNameBytes];
    make_name(name, size);
    unsigned long whole_pages = index >= kmalloc_caches.classes.whole_pages_from ? kCacheWholePages : 0;
    cache_request request{.name = name, .size = size, .flags = kCacheGeneral | whole_pages};
    request.debug = cache_debug_flags(active_switches, request);
    // A cache under debugging, or whose hits are counted, or whose callers, has no slot: its objects take the slow path
    // each time.
    bool has_slot = size >= kMallocMinimum && request.debug == 0 && !cache_settings.stats && !by_module;
    if (has_slot) request.slot = thread_assign_slot(most_in_array(size, request.flags));
    KSLAB_CHECK(cache_setup(cache, request), "no memory for the size classes of malloc");
    cache_chain_add(cache);
    if (has_slot)
        thread_register_slot(cache);
    else if (request.debug == 0)
        thread_assign_index(cache);
}

// Nothing of debugging happens in a process whose executable is not meant.
void read_debug_switches() {
    const char* programs = active_options.debug_exe.text;
    if (programs[0] != '\0' && !matches_programs(programs, start_block().program)) return;
    debug_switches_read(active_switches, active_options, start_block().program);
    debug_flags = debug_flags_any(active_switches);
    debug_large_flags = debug_flags_for(active_switches, "kmalloc-large");
    debug_sampling = active_options.sample_guard != 0;
}

void make_size_tables() {
    unsigned index = 0;
    while (kmalloc_caches.classes.size[index] < kMallocMinimum) index++;
    for (size_t unit = 0; unit < kSizeUnits; index++) {
        uint16_t slot = kmalloc_caches.caches[index].slot;
        size_t size = kmalloc_caches.classes.size[index];
        size_t end = size / 16 + 1 < kSizeUnits ? size / 16 + 1 : kSizeUnits;
        for (; unit < end; unit++) {
            kmalloc_caches.class_of[unit] = static_cast<uint8_t>(index);
            kmalloc_slots.slot[unit] = slot;
            kmalloc_slots.bytes[unit] = static_cast<uint16_t>(size);
        }
    }
    for (size_t page = kFastMaximum / kPageSize; index < kmalloc_caches.classes.count; index++)
        for (; page < kmalloc_caches.classes.size[index] / kPageSize; page++)
            kmalloc_slots.slot_of_pages[page] = kmalloc_caches.caches[index].slot;
}

std::atomic<uint64_t> next_drain{0};

void reap_everything(uint64_t now) {
    for_each_page_allocator([now](page_allocator& pages) { pages.decay(static_cast<uint32_t>(now)); });
    for_each_cache([now](kmem_cache* cache) {
        for_each_node(cache, [=](cache_node& node) { reap_node(cache, node, now); });
    });
    if (now < next_drain.load(std::memory_order_relaxed)) return;
    next_drain.store(now + active_options.decay_ms, std::memory_order_relaxed);
    drain_orphans();
}

void boot_once() {
    const process_start& start = start_block();
    report_fd_init();
    if (!start.secure && options_read(active_options, start.environment)) options_say_idle(active_options);
    if (active_options.help == on_off::on) options_print_help();
    read_debug_switches();
    unsigned cpus = usable_cpus();
    all_pages.init(pages_for(active_options.limit), active_options.decay_ms);
    uint64_t now;
    if (clock_read(now)) all_pages.set_now(static_cast<uint32_t>(now));
    cache_boot({.geometry = active_options.geometry,
                .cpus = cpus,
                .merge = active_options.nomerge == on_off::off,
                .stats = active_options.stats == on_off::on});
    nodes_boot(active_options.nodes);
    by_module = groups_in_use = active_options.groups == group_choice::modules;
    thread_boot(active_options.thread_cache);
    // Under debugging a large object is a run, with a redzone and a guard of its own; and where arrays have no room for it, a run
    // costs less than a slab.
    bool whole_pages = debug_flags == 0 && active_options.thread_cache >= kLargestWholePages;
    size_t largest = whole_pages ? kLargestWholePages : kFastMaximum;
    kmalloc_caches.classes = make_size_classes(active_options.classes, active_options.geometry, largest);
    if (debug_flags != 0) debug_names_check(active_switches, kmalloc_caches.classes);
    for (unsigned i = 0; i < kmalloc_caches.classes.count; i++) make_class_cache(i);
    kmalloc_caches.largest = kmalloc_caches.classes.size[kmalloc_caches.classes.count - 1];
    make_size_tables();
    if (debug_flags != 0 || debug_sampling) debug_functions.boot();
    global_reap = reap_everything;
}

}  // namespace

bool booted() { return ready.load(std::memory_order_acquire); }

void boot() {
    if (booted()) return;
    scoped_lock lock(boot_lock);
    if (booted()) return;
    boot_once();
    ready.store(true, std::memory_order_release);
}

void prove_frees() {
    drain_this_thread();
    drain_orphans();
    for_each_cache([](kmem_cache* cache) {
        drain_aliens(cache);
        drain_shared(cache);
    });
}

size_t trim_everything() {
    boot();
    ask_all_to_drain();
    drain_this_thread();
    drain_orphans();
    size_t released = 0;
    for_each_cache([&released](kmem_cache* cache) {
        cache_shrink_node(cache);
        released += purge_slab_pages(cache);
    });
    rcu_poll_now();
    for_each_page_allocator([&released](page_allocator& pages) { released += pages.purge_all(); });
    return released;
}

}  // namespace kslab
