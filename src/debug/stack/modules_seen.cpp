#include "debug/stack/modules_seen.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>

#include "base/format.h"
#include "base/relaxed.h"
#include "debug/own_memory.h"
#include "os/module_function.h"
#include "os/syscall.h"

#pragma weak dlsym

namespace kslab {

namespace {

constexpr unsigned kMostSeen = 256;
constexpr size_t kPathBytes = 24 << 10;
constexpr size_t kLongestPath = 512;
constexpr size_t kNoteBytes = 128;
constexpr unsigned kMostHeaders = 32;
constexpr unsigned kBuildIdNote = 3;  // NT_GNU_BUILD_ID
constexpr unsigned kRecentBits = 6;

// What glibc's _dl_find_object fills in.
struct found_object {
    unsigned long long flags;
    void* map_start;
    void* map_end;
    link_map* map;
    void* eh_frame;
    unsigned long long reserved[7];
};
using find_object_function = int(void*, found_object*);
relaxed<find_object_function*> find_object;

struct seen_module {
    uintptr_t start, end;
    uintptr_t bias;
    const void* map;  // these two tell it from another module at the same addresses
    const void* eh_frame;
    uint32_t path;  // in `paths`; 0: the executable, which nobody unloads
    uint32_t build_id_length;
    unsigned char build_id[kMaxBuildId];

    bool is(const found_object& f) const {
        return start == reinterpret_cast<uintptr_t>(f.map_start) && end == reinterpret_cast<uintptr_t>(f.map_end) &&
               map == f.map && eh_frame == f.eh_frame;
    }
};

// Entries below `seen_count` never change. Whoever adds one holds `adding`, which is the process's id: a thread that
// held it while another forked does not exist in the child.
KSLAB_APART constinit seen_module seen[kMostSeen] = {};
constinit std::atomic<unsigned> seen_count{0};
constinit std::atomic<long> adding{0};
KSLAB_APART constinit char paths[kPathBytes] = {};
constinit size_t paths_used = 1;

// The entry that was found last for addresses with this hash, plus one.
constinit std::atomic<uint16_t> recent[1 << kRecentBits] = {};
std::atomic<uint16_t>& recent_of(uintptr_t start) {
    return recent[(start >> kPageShift ^ start >> (kPageShift + kRecentBits)) & ((1 << kRecentBits) - 1)];
}

bool is_seen(const found_object& f) {
    std::atomic<uint16_t>& last = recent_of(reinterpret_cast<uintptr_t>(f.map_start));
    unsigned count = seen_count.load(std::memory_order_acquire);
    unsigned index = last.load(std::memory_order_relaxed);
    if (index != 0 && index <= count && seen[index - 1].is(f)) return true;
    for (unsigned i = count; i > 0; i--) {
        if (!seen[i - 1].is(f)) continue;
        last.store(static_cast<uint16_t>(i), std::memory_order_relaxed);
        return true;
    }
    return false;
}

bool begin_adding() {
    long self = raw_syscall(SYS_getpid);
    long holder = adding.load(std::memory_order_relaxed);
    return holder != self && adding.compare_exchange_strong(holder, self, std::memory_order_acquire);
}

// As the loader knows it, in whole; false when it cannot be read, or there is no room.
bool keep_path(const char* name, uint32_t& path) {
    if (paths_used + kLongestPath > kPathBytes) return false;
    char* into = paths + paths_used;
    size_t length = 0;
    char first[2];
    if (!read_own_memory(reinterpret_cast<uintptr_t>(name), first, 1)) return false;
    if (first[0] == '\0') {
        path = 0;
        return true;
    }
    if (first[0] != '/') {
        long with_end = raw_syscall(SYS_getcwd, reinterpret_cast<long>(into), kLongestPath / 2);
        if (syscall_failed(with_end)) return false;
        length = static_cast<size_t>(with_end);
        into[length - 1] = '/';
        // "./" says nothing.
        if (read_own_memory(reinterpret_cast<uintptr_t>(name), first, 2) && first[0] == '.' && first[1] == '/') name += 2;
    }
    do {
        if (length + 1 == kLongestPath) return false;
        if (!read_own_memory(reinterpret_cast<uintptr_t>(name++), into + length, 1)) return false;
    } while (into[length++] != '\0');
    path = static_cast<uint32_t>(paths_used);
    paths_used += length;
    return true;
}

void read_build_id(seen_module& m, const ElfW(Phdr)& header) {
    unsigned char notes[kNoteBytes];
    size_t bytes = header.p_memsz < kNoteBytes ? header.p_memsz : kNoteBytes;
    if (!read_own_memory(m.bias + header.p_vaddr, notes, bytes)) return;
    note_span id = find_build_id_note(notes, bytes, header.p_align == 8 ? 8 : 4);
    m.build_id_length = static_cast<uint32_t>(id.length);
    __builtin_memcpy(m.build_id, notes + id.at, id.length);
}

void find_build_id(seen_module& m) {
    ElfW(Ehdr) elf;
    if (!read_own_memory(m.start, &elf, sizeof elf) || __builtin_memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0) return;
    if (elf.e_phentsize != sizeof(ElfW(Phdr))) return;
    for (unsigned i = 0; i < elf.e_phnum && i < kMostHeaders && m.build_id_length == 0; i++) {
        ElfW(Phdr) header;
        if (!read_own_memory(m.start + elf.e_phoff + i * sizeof header, &header, sizeof header)) return;
        if (header.p_type == PT_NOTE) read_build_id(m, header);
    }
}

void add(const found_object& f) {
    unsigned count = seen_count.load(std::memory_order_relaxed);
    if (count == kMostSeen) return;
    seen_module& m = seen[count];
    m = seen_module{};
    link_map map;
    if (!read_own_memory(reinterpret_cast<uintptr_t>(f.map), &map, sizeof map)) return;
    m.start = reinterpret_cast<uintptr_t>(f.map_start);
    m.end = reinterpret_cast<uintptr_t>(f.map_end);
    m.bias = map.l_addr;
    m.map = f.map;
    m.eh_frame = f.eh_frame;
    if (!keep_path(map.l_name, m.path)) return;
    if (m.path != 0) find_build_id(m);
    seen_count.store(count + 1, std::memory_order_release);
}

KSLAB_NOINLINE void note(const found_object& f) {
    if (seen_count.load(std::memory_order_relaxed) == kMostSeen || !begin_adding()) return;
    if (!is_seen(f)) add(f);
    adding.store(0, std::memory_order_release);
}

size_t aligned(size_t n, size_t to) { return (n + to - 1) & ~(to - 1); }

}  // namespace

note_span find_build_id_note(const unsigned char* notes, size_t bytes, size_t align) {
    for (size_t at = 0; at + sizeof(ElfW(Nhdr)) <= bytes;) {
        ElfW(Nhdr) note;
        __builtin_memcpy(&note, notes + at, sizeof note);
        size_t name = at + sizeof note;
        size_t content = aligned(name + note.n_namesz, align);
        if (content > bytes || note.n_descsz > bytes - content) return {};
        bool gnu = note.n_namesz == 4 && __builtin_memcmp(notes + name, "GNU", 4) == 0;
        if (gnu && note.n_type == kBuildIdNote && note.n_descsz <= kMaxBuildId) return {content, note.n_descsz};
        at = aligned(content + note.n_descsz, align);
    }
    return {};
}

void modules_seen_boot() {
    int saved = errno;
    if (&dlsym != nullptr)
        find_object = reinterpret_cast<find_object_function*>(dlsym(RTLD_DEFAULT, "_dl_find_object"));
    errno = saved;
}

void modules_note(const uintptr_t* frames, unsigned count) {
    find_object_function* search = find_object;
    if (search == nullptr) return;
    uintptr_t start = 0, end = 0;
    for (unsigned i = 0; i < count; i++) {
        if (frames[i] - start < end - start) continue;
        found_object found;
        if (search(reinterpret_cast<void*>(frames[i]), &found) != 0) continue;
        start = reinterpret_cast<uintptr_t>(found.map_start);
        end = reinterpret_cast<uintptr_t>(found.map_end);
        if (KSLAB_UNLIKELY(!is_seen(found))) note(found);
    }
}

bool module_binds_to_itself(uintptr_t address, const char* function) {
    find_object_function* search = find_object;
    found_object found;
    if (search == nullptr || search(reinterpret_cast<void*>(address), &found) != 0) return false;
    return binds_to_itself(address, found.map->l_addr, function);
}

bool module_seen_at(uintptr_t address, module_place& place) {
    for (unsigned i = seen_count.load(std::memory_order_acquire); i > 0; i--) {
        const seen_module& m = seen[i - 1];
        if (address - m.start >= m.end - m.start || m.path == 0) continue;
        place.path = paths + m.path;
        place.offset = address - m.bias;
        place.build_id_length = m.build_id_length;
        __builtin_memcpy(place.build_id, m.build_id, kMaxBuildId);
        return true;
    }
    return false;
}

}  // namespace kslab
