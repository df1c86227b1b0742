// Findings on their way: borrowed from a pool, filled with copies of what they concern.
#include "debug/report/finding.h"

#include <errno.h>
#include <sys/uio.h>

#include <new>

#include "base/bits.h"
#include "os/syscall.h"

namespace kslab {

namespace {

constexpr const char* kTitles[] = {
#define KSLAB_DEFECT_TITLE(name, title, json) title,
    KSLAB_DEFECTS(KSLAB_DEFECT_TITLE)
#undef KSLAB_DEFECT_TITLE
};
constexpr const char* kJsonNames[] = {
#define KSLAB_DEFECT_JSON(name, title, json) json,
    KSLAB_DEFECTS(KSLAB_DEFECT_JSON)
#undef KSLAB_DEFECT_JSON
};

}  // namespace

const char* defect_title(defect d) { return kTitles[static_cast<unsigned>(d)]; }
const char* defect_json_name(defect d) { return kJsonNames[static_cast<unsigned>(d)]; }

namespace {

constexpr unsigned kFindings = 64;
// Made when it is borrowed: a constructor would touch the pages of all in every process.
union pool_place {
    constexpr pool_place() : nothing{} {}
    unsigned char nothing;
    finding made;
};
KSLAB_APART constinit pool_place pool[kFindings];
constinit const finding kEmpty{};
std::atomic<uint64_t> taken{0};

}  // namespace

bool finding_lease::borrow(defect d) {
    constexpr unsigned kPatience = 100;
    for (unsigned i = 0; i < kPatience && finding_ == nullptr; i++) {
        uint64_t now = taken.load(std::memory_order_relaxed);
        if (~now == 0) {
            host_yield();
            continue;
        }
        unsigned free = static_cast<unsigned>(__builtin_ctzl(~now));
        if (taken.compare_exchange_strong(now, now | uint64_t{1} << free, std::memory_order_acquire))
            finding_ = new (&pool[free].made) finding(kEmpty);
    }
    if (finding_ == nullptr) return report_without_room(d), false;
    finding_->what = d;
    return true;
}

void finding_lease::give_back() { finding_return(*finding_); }

void finding_return(const finding& f) {
    auto at = reinterpret_cast<const pool_place*>(&f);
    if (at < pool || at >= pool + kFindings) return;  // somebody's own
    taken.fetch_and(~(uint64_t{1} << (at - pool)), std::memory_order_release);
}

void findings_after_fork() { taken.store(0, std::memory_order_relaxed); }

void finding_set_object(finding& f, const place& p) {
    f.has_object = true;
    f.where = p;
    __builtin_memcpy(static_cast<void*>(&f.record), static_cast<const void*>(p.record), sizeof f.record);
    f.where.record = &f.record;
}

namespace {

// What of [from, until) can be read, without faulting: the kernel copies. Where a sandbox refuses that, only bytes
// of an object that has no guard page are touched.
size_t copy_readable(unsigned char* to, uintptr_t from, uintptr_t until, const finding& f) {
    struct {
        uintptr_t base;
        size_t length;
    } local{reinterpret_cast<uintptr_t>(to), until - from}, remote{from, until - from};
    static_assert(sizeof local == sizeof(struct iovec));
    long copied = raw_syscall(SYS_process_vm_readv, raw_syscall(SYS_gettid), reinterpret_cast<long>(&local), 1,
                              reinterpret_cast<long>(&remote), 1, 0);
    if (!syscall_failed(copied)) return static_cast<size_t>(copied);
    uintptr_t begin = reinterpret_cast<uintptr_t>(f.where.begin);
    bool inside = f.has_object && !f.where.guarded && from >= begin && until <= begin + f.where.bytes;
    if (copied == -EFAULT || !inside) return 0;
    __builtin_memcpy(to, reinterpret_cast<const void*>(from), until - from);
    return until - from;
}

struct window {
    uintptr_t from, until;
};

constexpr uintptr_t kRow = 16;
constexpr size_t kAround = 2 * kRow;  // shown in front of and behind the damage

uintptr_t row_of(uintptr_t address) { return address & ~(kRow - 1); }

// The object with its redzones and a row of each neighbour when that fits, else what is around the damage.
window window_around(const finding& f, uintptr_t first, uintptr_t last) {
    window w{row_of(first) < kAround ? 0 : row_of(first) - kAround, row_of(last) + kRow + kAround};
    if (f.has_object) {
        uintptr_t begin = reinterpret_cast<uintptr_t>(f.where.begin), end = begin + f.where.bytes;
        window whole{row_of(begin) - kRow, row_of(end - 1) + 2 * kRow};
        bool inside = first >= whole.from && last < whole.until;
        if (inside && whole.until - whole.from <= finding::kDumpBytes) return whole;
        if (inside && w.from < whole.from) w.from = whole.from;
        if (inside && w.until > whole.until) w.until = whole.until;
    }
    if (w.until - w.from > finding::kDumpBytes) w.until = w.from + finding::kDumpBytes;
    return w;
}

}  // namespace

void finding_take_dump(finding& f, const void* first, const void* last) {
    window w = window_around(f, reinterpret_cast<uintptr_t>(first), reinterpret_cast<uintptr_t>(last));
    f.dump_length = 0;
    // Page by page, as one may be readable and the next a guard.
    while (w.from < w.until) {
        uintptr_t next = align_down(w.from, kPageSize) + kPageSize;
        if (next > w.until) next = w.until;
        size_t copied = copy_readable(f.dump + f.dump_length, w.from, next, f);
        if (copied != 0 && f.dump_length == 0) f.dump_start = w.from;
        f.dump_length += copied;
        if (f.dump_length != 0 && copied < next - w.from) return;
        w.from = next;
    }
}

}  // namespace kslab
