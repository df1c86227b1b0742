// Live objects by who allocated them, as the kernel's slab_allocators (include/kslab/slabinfo.h).
//
// Counting happens with the locks that keep objects there, into pages of its own; when these are full, larger ones are
// taken and all is counted anew. Names are asked for afterwards, with no lock held: the loader has its own.
#include <dlfcn.h>
#include <errno.h>
#include <link.h>

#include "api/slabinfo_text.h"
#include "base/bits.h"
#include "debug/object/objects.h"
#include "debug/stack/stack_depot.h"
#include "kmalloc/kmalloc.h"
#include "kslab/slabinfo.h"
#include "os/memory.h"

namespace kslab {

namespace {

struct caller_count {
    const kmem_cache* cache;
    uintptr_t caller;  // 0: no stack was to be had
    size_t count;      // 0: unused
    char name[kCacheNameBytes];
};

class caller_table {
public:
    caller_table() = default;
    ~caller_table() { close(); }
    caller_table(const caller_table&) = delete;
    caller_table& operator=(const caller_table&) = delete;

    // Room for `bytes` of entries, all unused.
    bool open(size_t bytes) {
        close();
        entries_ = static_cast<caller_count*>(os_map(bytes));
        bytes_ = bytes;
        capacity_ = bytes / sizeof(caller_count);
        used_ = 0;
        full_ = false;
        return entries_ != nullptr;
    }
    void add(const kmem_cache* cache, const char* name, uintptr_t caller);
    // The most objects first, unused entries last.
    void sort();
    bool full() const { return full_; }
    size_t used() const { return used_; }
    const caller_count& operator[](size_t i) const { return entries_[i]; }

private:
    void close() {
        if (entries_ != nullptr) os_unmap(entries_, bytes_);
        entries_ = nullptr;
    }
    void sift(size_t root, size_t count);

    caller_count* entries_ = nullptr;
    size_t bytes_ = 0, capacity_ = 0, used_ = 0;
    bool full_ = false;
};

void caller_table::add(const kmem_cache* cache, const char* name, uintptr_t caller) {
    if (used_ > capacity_ / 4 * 3) {
        full_ = true;
        return;
    }
    uint64_t mixed = (caller + reinterpret_cast<uintptr_t>(cache) * 31) * 0x9e3779b97f4a7c15;
    for (size_t i = (mixed >> 32) % capacity_;; i = (i + 1) % capacity_) {
        caller_count& entry = entries_[i];
        if (entry.count != 0 && (entry.cache != cache || entry.caller != caller)) continue;
        if (entry.count++ != 0) return;
        entry.cache = cache;
        entry.caller = caller;
        for (size_t c = 0; c + 1 < kCacheNameBytes && name[c] != '\0'; c++) entry.name[c] = plain_letter(name[c]);
        used_++;
        return;
    }
}

// Whether `a` comes before `b`.
bool before(const caller_count& a, const caller_count& b) {
    if (a.count != b.count) return a.count > b.count;
    for (size_t i = 0; i < kCacheNameBytes; i++)
        if (a.name[i] != b.name[i]) return a.name[i] < b.name[i];
    return a.caller < b.caller;
}

void swap(caller_count& a, caller_count& b) {
    caller_count moved = a;
    a = b;
    b = moved;
}

void caller_table::sift(size_t root, size_t count) {
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && before(entries_[child], entries_[child + 1])) child++;
        if (!before(entries_[root], entries_[child])) return;
        swap(entries_[root], entries_[child]);
    }
}

void caller_table::sort() {
    for (size_t i = capacity_ / 2; i-- > 0;) sift(i, capacity_);
    for (size_t i = capacity_; i > 1; i--) {
        swap(entries_[0], entries_[i - 1]);
        sift(0, i - 1);
    }
}

void count_place(const place& p, void* context) {
    if ((p.flags & kDebugTrack) == 0 || !in_use_by_program(*p.record)) return;
    stack_view stack = stack_depot_get(p.record->allocated.stack);
    const char* name = p.cache != nullptr ? p.cache->name : "kmalloc-large";
    static_cast<caller_table*>(context)->add(p.cache, name, stack.count > 0 ? stack.frame[0] : 0);
}

constexpr size_t kFirstBytes = size_t{64} << 10;

bool count_callers(caller_table& table) {
    for (size_t bytes = kFirstBytes; table.open(bytes); bytes *= 2) {
        for_each_place(count_place, &table);
        if (!table.full()) return true;
    }
    return false;
}

const char* last_component(const char* path) {
    const char* last = path;
    for (; *path != '\0'; path++)
        if (*path == '/') last = path + 1;
    return last;
}

// The address is behind a call, which may be the last instruction of its function.
void put_caller(text& out, uintptr_t caller) {
    Dl_info where{};
    void* extra = nullptr;
    bool known = caller != 0 &&
                 dladdr1(reinterpret_cast<void*>(caller - 1), &where, &extra, RTLD_DL_SYMENT) != 0;
    const char* module = known && where.dli_fname != nullptr ? last_component(where.dli_fname) : "";
    auto* symbol = static_cast<const ElfW(Sym)*>(extra);
    if (known && where.dli_sname != nullptr && symbol != nullptr) {
        out.put(where.dli_sname).put("+0x").hex(caller - reinterpret_cast<uintptr_t>(where.dli_saddr));
        out.put("/0x").hex(symbol->st_size);
        if (module[0] != '\0') out.put(" [").put(module).put(']');
        return;
    }
    out.put("0x").hex(caller);
    if (module[0] != '\0')
        out.put(" [").put(module).put("+0x").hex(caller - reinterpret_cast<uintptr_t>(where.dli_fbase)).put(']');
}

int write_callers(int fd, const caller_table& table) {
    for (size_t i = 0; i < table.used(); i++) {
        char buffer[kSlabinfoLine];
        text line(buffer, sizeof buffer - 1);
        line.put(table[i].name).put(": ").dec(table[i].count).put(' ');
        put_caller(line, table[i].caller);
        size_t length = line.length();
        buffer[length] = '\n';
        if (int error = write_whole(fd, buffer, length + 1)) return error;
    }
    return 0;
}

int write_allocators(int fd) {
    boot();
    if (debug_flags == 0) return 0;
    caller_table table;
    if (!count_callers(table)) return ENOMEM;
    table.sort();
    return write_callers(fd, table);
}

}  // namespace

}  // namespace kslab

extern "C" KSLAB_EXPORT int kslab_slab_allocators(int fd) {
    int error = kslab::write_allocators(fd);
    if (error == 0) return 0;
    errno = error;
    return -1;
}
