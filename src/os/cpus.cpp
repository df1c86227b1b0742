#include "os/cpus.h"

#include <errno.h>
#include <sched.h>

#include "base/relaxed.h"
#include "os/syscall.h"
#include "os/system_file.h"

namespace kslab {

namespace {

// More is no list of CPUs.
constexpr int kMostCpus = 1 << 16;

constinit relaxed<unsigned> known_count{0};

int highest_possible() {
    char list[512];
    size_t length = os_read_file("/sys/devices/system/cpu/possible", list, sizeof list);
    return length == 0 ? -1 : highest_cpu_in(list, length);
}

int highest_allowed() {
    unsigned long mask[64] = {};
    long bytes = raw_syscall(SYS_sched_getaffinity, 0, sizeof mask, reinterpret_cast<long>(mask));
    if (bytes <= 0) return -1;
    for (int word = 63; word >= 0; word--)
        if (mask[word] != 0) return word * 64 + 63 - __builtin_clzl(mask[word]);
    return -1;
}

unsigned ask_system() {
    int highest = highest_possible();
    if (highest < 0) highest = highest_allowed();
    return highest < 0 ? 1 : static_cast<unsigned>(highest) + 1;
}

}  // namespace

int highest_cpu_in(const char* list, size_t length) {
    int highest = -1, number = -1;
    for (size_t i = 0; i < length && list[i] != '\n'; i++) {
        char c = list[i];
        if (c >= '0' && c <= '9') {
            number = (number < 0 ? 0 : number) * 10 + (c - '0');
            if (number >= kMostCpus) return -1;
            if (number > highest) highest = number;
        } else if (c == '-' || c == ',') {
            number = -1;
        } else {
            return -1;
        }
    }
    return highest;
}

unsigned possible_cpus() {
    unsigned count = known_count;
    if (KSLAB_UNLIKELY(count == 0)) known_count = count = ask_system();
    return count;
}

unsigned this_cpu() {
    int saved = errno;
    int cpu = sched_getcpu();
    errno = saved;
    return cpu < 0 ? 0 : static_cast<unsigned>(cpu) % possible_cpus();
}

void cpus_set_possible(unsigned count) { known_count = count; }

}  // namespace kslab
