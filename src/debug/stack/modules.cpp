// Modules by address, from /proc/self/maps. Only what holds code is kept: a file whose ELF header is mapped covers
// what its program headers say; anything else that can be executed covers its one mapping. The memory itself is
// read through the kernel, because a mapping may go away at any time.
//
// Everything is static and report_lock's: callers may have little stack, and no heap.
#include "debug/stack/modules.h"

#include "base/format.h"
#include "debug/stack/modules_seen.h"
#include "debug/own_memory.h"
#include "os/maps_reader.h"

#include <elf.h>
#include <link.h>

namespace kslab {

namespace {

constexpr size_t kMostModules = 512;
constexpr size_t kPathBytes = 64 << 10;
constexpr size_t kMostHeaders = 32;
constexpr size_t kMostNotes = 1024;

struct module {
    uintptr_t start, end;  // of addresses
    uintptr_t bias;        // address - bias is the file's own
    uint32_t path;         // in `paths`
    uint32_t build_id_length;
    uintptr_t build_id_at;
    unsigned char build_id[kMaxBuildId];
};

// Sorted by address, as the system lists them.
KSLAB_APART constinit module modules[kMostModules] = {};
constinit size_t module_count = 0;
KSLAB_APART constinit char paths[kPathBytes];
constinit size_t paths_used = 0;

constinit ElfW(Phdr) headers[kMostHeaders] = {};
constinit unsigned char notes[kMostNotes];
constinit maps_reader reader;

// A path that the file lost is still the best name for it.
size_t length_without_mark(const char* path) {
    constexpr char kMark[] = " (deleted)";
    constexpr size_t kMarkLength = sizeof kMark - 1;
    size_t length = string_length(path);
    if (length > kMarkLength && strings_equal(path + length - kMarkLength, kMark)) return length - kMarkLength;
    return length;
}

// Zero, the empty path, when there is no room.
uint32_t keep_path(const char* path) {
    if (path[0] == '\0') path = "[anon]";
    size_t length = length_without_mark(path);
    if (paths_used == 0) paths[paths_used++] = '\0';
    if (module_count > 0) {
        const char* last = paths + modules[module_count - 1].path;
        if (equals_prefix(path, length, last)) return modules[module_count - 1].path;
    }
    if (paths_used + length + 1 > kPathBytes) return 0;
    uint32_t at = static_cast<uint32_t>(paths_used);
    __builtin_memcpy(paths + at, path, length);
    paths[at + length] = '\0';
    paths_used += length + 1;
    return at;
}

size_t aligned(size_t n, size_t to) { return (n + to - 1) & ~(to - 1); }

void find_build_id(module& m, const ElfW(Phdr)& segment) {
    size_t bytes = segment.p_memsz < kMostNotes ? segment.p_memsz : kMostNotes;
    uintptr_t start = m.bias + segment.p_vaddr;
    if (!read_own_memory(start, notes, bytes)) return;
    size_t align = segment.p_align == 8 ? 8 : 4;
    note_span id = find_build_id_note(notes, bytes, align);
    m.build_id_length = static_cast<uint32_t>(id.length);
    m.build_id_at = start + id.at;
    __builtin_memcpy(m.build_id, notes + id.at, id.length);
}

// What the ELF header that is mapped at `start` says. False: there is none.
bool read_elf(uintptr_t start, module& m) {
    ElfW(Ehdr) header;
    if (!read_own_memory(start, &header, sizeof header)) return false;
    if (__builtin_memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64) return false;
    if (header.e_phentsize != sizeof(ElfW(Phdr)) || header.e_phnum == 0) return false;
    size_t count = header.e_phnum < kMostHeaders ? header.e_phnum : kMostHeaders;
    if (!read_own_memory(start + header.e_phoff, headers, count * sizeof(ElfW(Phdr)))) return false;

    bool found = false;
    uintptr_t end = 0;
    for (size_t i = 0; i < count; i++) {
        const ElfW(Phdr)& segment = headers[i];
        if (segment.p_type != PT_LOAD) continue;
        if (!found) m.bias = start - (segment.p_vaddr - segment.p_offset);
        found = true;
        if (segment.p_vaddr + segment.p_memsz > end) end = segment.p_vaddr + segment.p_memsz;
    }
    if (!found || m.bias + end <= start) return false;
    m.start = start;
    m.end = aligned(m.bias + end, kPageSize);
    for (size_t i = 0; i < count && m.build_id_length == 0; i++)
        if (headers[i].p_type == PT_NOTE) find_build_id(m, headers[i]);
    return true;
}


// Lines of one file follow each other. Its header is looked at only when one of them can be executed: files that
// are mapped for reading are no modules, whatever they begin with.
class collector {
public:
    void add(const maps_line& line) {
        if (module_count > 0 && line.start < modules[module_count - 1].end) return;  // more of the last one
        if (line.offset == 0 && line.path[0] != '\0') {
            header_start_ = line.start;
            header_inode_ = line.inode;
            string_copy(header_path_, line.path);
        }
        if (!line.executable || module_count == kMostModules) return;
        module& m = modules[module_count];
        m = module{};
        if (!has_header(line) || !read_elf(header_start_, m) || line.start >= m.end) take_mapping(m, line);
        m.path = keep_path(line.path);
        module_count++;
    }

private:
    bool has_header(const maps_line& line) const {
        return header_start_ != 0 && line.path[0] != '\0' && line.inode == header_inode_ &&
               strings_equal(line.path, header_path_);
    }
    static void string_copy(char (&to)[kMapsPathBytes], const char* from) {
        __builtin_memcpy(to, from, string_length(from) + 1);
    }
    static void take_mapping(module& m, const maps_line& line) {
        m = module{};
        m.start = line.start;
        m.end = line.end;
        m.bias = line.start - line.offset;
    }

    uintptr_t header_start_ = 0;
    uint64_t header_inode_ = 0;
    char header_path_[kMapsPathBytes] = {};
};
constinit collector collect;

// What is known stays where the maps cannot be read any more, as after chroot.
void read_modules() {
    if (!reader.open()) return;
    module_count = 0;
    paths_used = 0;
    collect = collector{};
    while (const maps_line* line = reader.next()) collect.add(*line);
    reader.close();
}

const module* find_module(uintptr_t address) {
    size_t low = 0;
    size_t high = module_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (address >= modules[middle].end)
            low = middle + 1;
        else
            high = middle;
    }
    return low < module_count && address >= modules[low].start ? &modules[low] : nullptr;
}

// dlclose and dlopen may have put another file there.
bool still_there(const module& m) {
    unsigned char now[kMaxBuildId];
    if (m.build_id_length == 0) return true;
    return read_own_memory(m.build_id_at, now, m.build_id_length) &&
           __builtin_memcmp(now, m.build_id, m.build_id_length) == 0;
}

}  // namespace

void modules_boot() {
    read_modules();
    modules_seen_boot();
}

module_place module_of(uintptr_t address) {
    const module* found = find_module(address);
    if (found == nullptr || !still_there(*found)) {
        read_modules();
        found = find_module(address);
    }
    module_place place{};
    if (found == nullptr) {
        // Where something else lies today, the address is taken for that.
        if (!module_seen_at(address, place)) place.offset = address;
        return place;
    }
    place.path = paths + found->path;
    place.offset = address - found->bias;
    place.build_id_length = found->build_id_length;
    __builtin_memcpy(place.build_id, found->build_id, kMaxBuildId);
    return place;
}

}  // namespace kslab
