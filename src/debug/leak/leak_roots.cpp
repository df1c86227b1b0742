#include "debug/leak/leak_roots.h"

#include "base/bits.h"
#include "base/format.h"
#include "base/host.h"
#include "cache/kmem_cache.h"
#include "debug/fault/fault_signal.h"
#include "debug/leak/alternate_stacks.h"
#include "debug/own_memory.h"
#include "os/executable.h"
#include "os/maps_reader.h"
#include "os/memory.h"
#include "pages/meta_arena.h"
#include "pages/page_map.h"
#include "pages/run.h"

// Made by the linker, of the object that contains kslab.
extern "C" {
extern const char __ehdr_start[] __attribute__((visibility("hidden"), weak));
extern char _end[] __attribute__((visibility("hidden")));
}

namespace kslab {

namespace {

constexpr size_t kRedZone = 128;  // below the stack pointer of a thread that was stopped anywhere, of the x86-64 ABI
// Smaller mappings are read without asking which of their pages were written.
constexpr size_t kSmallMapping = size_t{256} << 10;

constinit maps_reader maps;

bool begins_with(const char* s, const char* prefix) { return equals_prefix(s, string_length(prefix), prefix); }

// Our own variables are left out where they are not mixed with those of the executable. Only they: anonymous memory
// behind them, the thread-local block of the first thread for one, may be part of the same mapping.
uintptr_t behind_own_module(uintptr_t address) {
    uintptr_t start = reinterpret_cast<uintptr_t>(__ehdr_start);
    if (start == 0 || address < start || executable_contains(&maps)) return address;
    uintptr_t end = align_up(reinterpret_cast<uintptr_t>(_end), os_page_size());
    return address < end ? end : address;
}

enum class reading : uint8_t { none, all, written };

reading how_to_read(const maps_line& line) {
    if (!line.readable || begins_with(line.path, "[v")) return reading::none;
    if (line.is_private) {
        if (line.writable) return line.end - line.start > kSmallMapping ? reading::written : reading::all;
        // Memory that became read-only after it was filled.
        return line.executable ? reading::none : reading::written;
    }
    // Shared without a file; devices and files may not like being read.
    bool anonymous = begins_with(line.path, "/dev/zero") || begins_with(line.path, "/memfd:") ||
                     begins_with(line.path, "/SYSV") || begins_with(line.path, "[anon_shmem");
    return line.writable && anonymous ? reading::all : reading::none;
}

bool is_ours(const root_request& request, uintptr_t start) {
    for (uintptr_t own : request.own)
        if (own == start) return true;
    if (start == reinterpret_cast<uintptr_t>(request.threads->memory)) return true;
    return request.reader->owns(start) || is_fault_stack(start) || in_metadata_mapping(start);
}

// A span of pages with the same answer to: is this kslab's, and not a root?
struct span {
    uintptr_t end;
    bool root;
};

span span_of_run(const run* r) {
    return {r->end(), r->state == run_state::used && r->record == nullptr};
}

span span_at(uintptr_t at, uintptr_t end) {
    page_owner owner = page_owner_of(reinterpret_cast<void*>(at));
    if (const run* r = owner.run()) return span_of_run(r);
    if (const slab* s = owner.slab()) return {s->pages->end(), s->cache->debug == 0};
    while (at < end && page_owner_of(reinterpret_cast<void*>(at)).none()) at += kPageSize;
    return {at, true};
}

// Of a run only the first and the last page are in the page map: a mapping may begin in the middle of one.
uintptr_t end_of_run_around(uintptr_t at, bool& root) {
    page_owner before = page_owner_before(reinterpret_cast<void*>(at));
    const run* r = before.none() ? nullptr : before.run();
    if (r == nullptr || at <= r->start || at >= r->end()) return at;
    root = span_of_run(r).root;
    return r->end();
}

void read_range(const root_request& request, address_range where, reading how, word_visitor to) {
    if (how == reading::written)
        request.reader->read_written(where.start, where.end, to);
    else
        request.reader->read(where.start, where.end, to);
}

void read_pages(const root_request& request, address_range where, reading how, word_visitor to) {
    bool root = false;
    uintptr_t at = end_of_run_around(where.start, root);
    if (at > where.end) at = where.end;
    if (root) read_range(request, {where.start, at}, how, to);
    while (at < where.end) {
        span s = span_at(at, where.end);
        uintptr_t end = s.end < where.end ? s.end : where.end;
        if (s.root) read_range(request, {at, end}, how, to);
        at = end;
    }
}

// The first of kslab's own records lie among the library's variables, in a static program among the program's.
void read_mapping(const root_request& request, address_range where, reading how, word_visitor to) {
    address_range own = metadata_in_library();
    if (where.start < own.start && own.start < where.end) read_pages(request, {where.start, own.start}, how, to);
    if (where.start < own.end && own.start < where.end) where.start = own.end;
    if (where.start < where.end) read_pages(request, where, how, to);
}

// The part of a stack that is in use. That a mapping is a stack from its first byte on is certain only for the main
// thread's, and where an inaccessible page lies before it.
uintptr_t start_of_stack(const root_request& request, const maps_line& line, bool behind_guard) {
    if (!behind_guard && !strings_equal(line.path, "[stack]")) return line.start;
    uintptr_t lowest = line.end;
    auto look = [&](uintptr_t pointer) {
        if (pointer >= line.start && pointer < lowest) lowest = pointer;
    };
    look(request.stack_pointer);
    for (size_t i = 0; i < request.threads->count; i++)
        if (request.threads->threads[i].state == tracee_state::stopped)
            look(request.threads->threads[i].registers[kStackRegister] - kRedZone);
    return lowest == line.end ? line.start : lowest & ~(sizeof(uintptr_t) - 1);
}

// libc keeps a pointer to the third word of a thread's vector of thread-local blocks only.
void visit_thread_vector(uintptr_t thread_pointer, word_visitor to) {
#if defined(__x86_64__)
    uintptr_t at = thread_pointer + sizeof(uintptr_t);
#else
    uintptr_t at = thread_pointer;
#endif
    uintptr_t vector;
    if (!read_own_memory(at, &vector, sizeof vector)) return;
    vector -= 2 * sizeof(uintptr_t);
    to.visit(&vector, 1, to.context);
}

void visit_registers(const stopped_threads& threads, word_visitor to) {
    visit_thread_vector(host_thread_token(), to);
    for (size_t i = 0; i < threads.count; i++) {
        const tracee& t = threads.threads[i];
        if (t.state != tracee_state::stopped) continue;
        to.visit(t.registers, kRegisterWords, to.context);
#if defined(__x86_64__)
        constexpr unsigned kThreadPointer = 21;  // fs_base
        visit_thread_vector(t.registers[kThreadPointer], to);
#endif
    }
}

}  // namespace

bool for_each_root(const root_request& request, word_visitor to) {
    if (!maps.open()) return false;
    visit_registers(*request.threads, to);
    visit_alternate_stacks(*request.threads, to);
    uintptr_t guard_end = 0;
    while (const maps_line* line = maps.next()) {
        bool behind_guard = guard_end == line->start;
        if (!line->readable) guard_end = line->end;
        reading how = how_to_read(*line);
        if (how == reading::none || is_ours(request, line->start)) continue;
        address_range where = {behind_own_module(start_of_stack(request, *line, behind_guard)), line->end};
        if (where.start < where.end) read_mapping(request, where, how, to);
    }
    maps.close();
    return true;
}

}  // namespace kslab
