#include "api/group_text.h"

#include <errno.h>

#include "api/slabinfo_text.h"
#include "base/check.h"
#include "cache/group.h"
#include "debug/report/report.h"
#include "kmalloc/kmalloc.h"
#include "kmalloc/module_groups.h"
#include "kslab/group.h"
#include "os/environment.h"
#include "os/syscall.h"

namespace kslab {

namespace {

constexpr size_t kLine = 160;
constexpr size_t kNameColumn = 32;
constexpr unsigned kWidth = 12;

// At exit it says whose table it is: several processes may write to one file.
KSLAB_NOINLINE void put_head(const char* program, text_put put, void* context) {
    char buffer[kLine];
    text line(buffer, sizeof buffer);
    line.put("# group");
    if (program != nullptr)
        line.put(" (").put(program).put(' ').dec(static_cast<uint64_t>(raw_syscall(SYS_getpid))).put(')');
    line.pad_to(kNameColumn);
    for (const char* column : {"<bytes>", "<objects>", "<peak>", "<failures>", "<limit>"})
        line.put(' ').pad_to(line.length() + kWidth - string_length(column)).put(column);
    line.put('\n');
    put(context, line.data(), line.length());
}

KSLAB_NOINLINE void put_row(const struct kslab_group_stats& group, text_put put, void* context) {
    char buffer[kLine];
    text line(buffer, sizeof buffer);
    for (const char* letter = group.name; *letter != '\0'; letter++) line.put(plain_letter(*letter));
    line.pad_to(kNameColumn);
    for (size_t n : {group.bytes, group.objects, group.peak, group.failures, group.limit}) line.put(' ').dec(n, kWidth);
    line.put('\n');
    put(context, line.data(), line.length());
}

void put_groups(const char* program, text_put put, void* context) {
    put_head(program, put, context);
    struct kslab_group_stats stats;
    for (unsigned id = 1; id < kMostGroups; id++)
        if (group_by_id(id) != nullptr && kslab_group_stat(static_cast<int>(id), &stats) == 0) put_row(stats, put, context);
}

struct writing {
    int fd;
    int error;
};

void write_line(void* context, const char* text, size_t length) {
    auto* to = static_cast<writing*>(context);
    if (to->error == 0) to->error = write_whole(to->fd, text, length);
}

}  // namespace

void groups_start() {
    if (debug_flags != 0)
        report_line()->put("KSLAB_GROUPS=modules: objects of caches under debugging belong to no group");
}

void groups_finish() {
    report_right right;
    if (!right) return;
    put_groups(start_block().program, [](void*, const char* text, size_t length) { report_log_write(text, length); },
               nullptr);
}

}  // namespace kslab

extern "C" KSLAB_EXPORT int kslab_groups(int fd) {
    kslab::writing to{fd, 0};
    kslab::put_groups(nullptr, kslab::write_line, &to);
    if (to.error == 0) return 0;
    errno = to.error;
    return -1;
}
