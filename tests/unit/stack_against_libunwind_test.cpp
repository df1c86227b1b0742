// The same stacks as libunwind finds, at instructions where a timer happens to interrupt a program that does a bit of
// everything: in prologues, in epilogues, in code written by hand, in libraries.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

#include <algorithm>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "debug/stack/backtrace.h"
#include "debug/stack/backtrace_rules.h"
#include "support/child.h"

namespace {

using namespace kslab;

#if defined(__x86_64__)

struct cursor_space {
    uint64_t words[256];
};
struct {
    int (*init)(cursor_space*, void*, int);
    int (*step)(cursor_space*);
    int (*get_reg)(cursor_space*, int, uint64_t*);
    int (*backtrace)(void**, int);
} libunwind;

bool load_libunwind() {
    void* library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return false;
    auto find = [&](auto& function, const char* name) {
        function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(library, name));
        return function != nullptr;
    };
    return find(libunwind.init, "_ULx86_64_init_local2") && find(libunwind.step, "_ULx86_64_step") &&
           find(libunwind.get_reg, "_ULx86_64_get_reg") && find(libunwind.backtrace, "unw_backtrace");
}

constexpr unsigned kDepth = 24;

unsigned walk_with_libunwind(void* context, uintptr_t* frame) {
    static cursor_space cursor;
    constexpr int kFromSignal = 1;
    constexpr int kInstruction = 16;
    if (libunwind.init(&cursor, context, kFromSignal) != 0) return 0;
    unsigned count = 0;
    do {
        uint64_t ip = 0;
        if (libunwind.get_reg(&cursor, kInstruction, &ip) != 0 || ip == 0) break;
        frame[count++] = ip;
    } while (count < kDepth && libunwind.step(&cursor) > 0);
    return count;
}

struct sample {
    unsigned ours, theirs;
    uintptr_t our[kDepth], their[kDepth];
};
volatile sig_atomic_t samples, differing, frames;
sample first_difference;

void on_timer(int, siginfo_t*, void* context) {
    static sample now;
    static stack_trace trace;
    backtrace_from_context(trace, kDepth, context);
    now.ours = trace.count;
    memcpy(now.our, trace.frame, trace.count * sizeof(uintptr_t));
    now.theirs = walk_with_libunwind(context, now.their);
    samples = samples + 1;
    frames = frames + static_cast<int>(now.ours);
    // It gives up sooner than we do in a few places.
    unsigned common = std::min(now.ours, now.theirs);
    if (memcmp(now.our, now.their, common * sizeof(uintptr_t)) == 0 && now.ours >= now.theirs) return;
    differing = differing + 1;
    if (first_difference.ours == 0) first_difference = now;
}

int descending(const void* a, const void* b) { return *static_cast<const int*>(b) - *static_cast<const int*>(a); }

void work() {
    std::map<std::string, double> numbers;
    std::vector<int> sorted;
    for (int i = 0; i < 200; i++) {
        char text[64];
        snprintf(text, sizeof text, "%.17g|%s|%d", i * 0.37, "abc", i);
        numbers[text] = strtod(text, nullptr);
        sorted.push_back((i * 7919) % 211);
    }
    qsort(sorted.data(), sorted.size(), sizeof(int), descending);
    std::sort(sorted.begin(), sorted.end());
    std::regex pattern("([0-9]+)\\.([0-9]*)\\|abc.*");
    for (const auto& entry : numbers) {
        std::smatch match;
        std::regex_match(entry.first, match, pattern);
    }
    try {
        numbers.at("none");
    } catch (const std::out_of_range&) {
    }
    char* where = getenv("PATH");
    if (where != nullptr) free(strdup(where));
    time_t now = time(nullptr);
    tm broken;
    localtime_r(&now, &broken);
}

std::string described(uintptr_t ip) {
    Dl_info info{};
    char text[300];
    if (dladdr(reinterpret_cast<void*>(ip), &info) == 0) return "?";
    snprintf(text, sizeof text, "%s+%#lx %s", info.dli_fname, ip - reinterpret_cast<uintptr_t>(info.dli_fbase),
             info.dli_sname != nullptr ? info.dli_sname : "");
    return text;
}

TEST(stack_against_libunwind, interrupted_anywhere) {
    if (!load_libunwind()) GTEST_SKIP() << "libunwind.so.8 is not installed";
    if (kSanitizerFactor != 1) GTEST_SKIP() << "libunwind reads what sanitizers forbid";
    backtrace_boot();
    struct sigaction action {};
    action.sa_sigaction = on_timer;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(SIGPROF, &action, nullptr);
    itimerval every{{0, 1000}, {0, 1000}};
    setitimer(ITIMER_PROF, &every, nullptr);
    for (clock_t end = clock() + CLOCKS_PER_SEC; clock() < end;) work();
    every = {};
    setitimer(ITIMER_PROF, &every, nullptr);
    EXPECT_GT(samples, 100);
    EXPECT_GT(frames / samples, 4);
    EXPECT_EQ(differing, 0) << "of " << samples;
    if (differing == 0) return;
    for (unsigned i = 0; i < std::max(first_difference.ours, first_difference.theirs); i++)
        printf("%2u %-60s | %s\n", i,
               i < first_difference.ours ? described(first_difference.our[i]).c_str() : "-",
               i < first_difference.theirs ? described(first_difference.their[i]).c_str() : "-");
}

#endif

}  // namespace
