// Frames that only libunwind can follow: written here by hand, with rules that kslab's own reader of unwind tables has
// no words for, and with a frame pointer that leads nowhere.
// full: stack_by_libunwind.a_million_frames
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <vector>

#include "debug/stack/backtrace.h"
#include "debug/stack/backtrace_libunwind.h"
#include "debug/stack/backtrace_rules.h"
#include "debug/stack/stack_depot.h"
#include "support/child.h"

#if defined(__x86_64__)

// Each calls then(). The CFA, where the frame of the caller begins, is
//   by_expression  sp + 48, as an expression
//   by_memory      in a word of the frame that an expression points to, and so is the caller's bp
//   by_register    r12 + 24: a register that only a walk from the beginning knows
//   by_wild        a word at an address that cannot be read
__asm__(R"(
.text
.macro FRAME name
.globl \name
.type \name, @function
\name:
    .cfi_startproc
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_offset %rbp, -16
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_offset %r12, -24
.endm
.macro LEAVE name
    popq %r12
    .cfi_restore %r12
    popq %rbp
    .cfi_restore %rbp
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_endproc
    .size \name, . - \name
.endm
FRAME by_expression
    subq $24, %rsp
    .cfi_escape 0x0f, 2, 0x77, 48       # CFA = breg7 + 48
    xorl %ebp, %ebp
    call *%rdi
    addq $24, %rsp
LEAVE by_expression
FRAME by_memory
    subq $24, %rsp
    leaq 48(%rsp), %rax
    movq %rax, 8(%rsp)
    .cfi_escape 0x0f, 3, 0x77, 8, 0x06  # CFA = *(breg7 + 8)
    movq %rbp, 16(%rsp)
    .cfi_escape 0x10, 6, 2, 0x77, 16    # bp at breg7 + 16
    movl $0, %ebp
    call *%rdi
    addq $24, %rsp
LEAVE by_memory
FRAME by_register
    movq %rsp, %r12
    .cfi_def_cfa %r12, 24
    subq %rsi, %rsp
    xorl %ebp, %ebp
    call *%rdi
    movq %r12, %rsp
    .cfi_def_cfa %rsp, 24
LEAVE by_register
FRAME by_wild
    subq $24, %rsp
    .cfi_escape 0x0f, 4, 0x30, 0x38, 0x1c, 0x06  # CFA = *(0 - 8)
    xorl %ebp, %ebp
    call *%rdi
    addq $24, %rsp
    .cfi_def_cfa %rsp, 24
LEAVE by_wild
)");

extern "C" {
void by_expression(void (*then)());
void by_memory(void (*then)());
void by_register(void (*then)(), size_t room);
void by_wild(void (*then)());
}

namespace {

using namespace kslab;

#define NOINLINE __attribute__((noinline, noclone))
#define AFTER_CALL __asm__ volatile("" ::: "memory")

stack_trace trace;
uint32_t id;
std::vector<uintptr_t> expected;

struct expects {
    explicit expects(void* return_address) { expected.push_back(reinterpret_cast<uintptr_t>(return_address)); }
    ~expects() { expected.pop_back(); }
};
#define EXPECTS expects frame(__builtin_return_address(0))

NOINLINE void capture() {
    EXPECTS;
    backtrace_capture(trace, kMaxDepth);
    AFTER_CALL;
}

NOINLINE void here() {
    id = stack_depot_here();
    AFTER_CALL;
}

bool contains(const uintptr_t* frames, unsigned count, uintptr_t frame) {
    for (unsigned i = 0; i < count; i++)
        if (frames[i] == frame) return true;
    return false;
}

bool all_expected_in(const stack_trace& t) {
    for (uintptr_t frame : expected)
        if (!contains(t.frame, t.count, frame)) return false;
    return !expected.empty();
}

NOINLINE void in_chain(void (*then)()) {
    EXPECTS;
    then();
    AFTER_CALL;
}

bool good;
NOINLINE void capture_and_compare() {
    EXPECTS;
    capture();
    good = all_expected_in(trace) && trace.source == stack_source::libunwind;
    AFTER_CALL;
}

class stack_by_libunwind : public testing::Test {
protected:
    void SetUp() override {
        if (kSanitizerFactor != 1) GTEST_SKIP() << "not with sanitizers";
        if (dlopen("libunwind-x86_64.so.8", RTLD_NOW | RTLD_LOCAL) == nullptr)
            GTEST_SKIP() << "libunwind-x86_64.so.8 is not installed";
        backtrace_boot();
        ASSERT_TRUE(libunwind_loaded());
    }
};

TEST_F(stack_by_libunwind, expression) {
    in_chain([] { EXPECTS; by_expression([] { capture_and_compare(); AFTER_CALL; }); AFTER_CALL; });
    EXPECT_TRUE(good);
}

TEST_F(stack_by_libunwind, words_of_the_frame) {
    in_chain([] { EXPECTS; by_memory([] { capture_and_compare(); AFTER_CALL; }); AFTER_CALL; });
    EXPECT_TRUE(good);
}

TEST_F(stack_by_libunwind, several_in_one_stack) {
    by_expression([] { in_chain([] { by_memory([] { in_chain([] { by_expression([] { capture_and_compare();
        AFTER_CALL; }); AFTER_CALL; }); AFTER_CALL; }); AFTER_CALL; }); AFTER_CALL; });
    EXPECT_TRUE(good);
}

// Through our own frames, which have saved the register, and through one that has its own value in it.
TEST_F(stack_by_libunwind, register_that_calls_preserve) {
    in_chain([] { EXPECTS; by_register([] { capture_and_compare(); AFTER_CALL; }, 168); AFTER_CALL; });
    EXPECT_TRUE(good);
    in_chain([] {
        by_register([] { by_register([] { capture_and_compare(); AFTER_CALL; }, 72); AFTER_CALL; }, 168);
        AFTER_CALL;
    });
    EXPECT_TRUE(good);
}

stack_trace of_context;
TEST_F(stack_by_libunwind, from_a_signals_context) {
    struct sigaction action {};
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    action.sa_sigaction = [](int, siginfo_t*, void* context) {
        backtrace_from_context(of_context, kMaxDepth, context);
        good = all_expected_in(of_context) && of_context.source == stack_source::libunwind;
    };
    sigaction(SIGUSR1, &action, nullptr);
    std::vector<char> space(16384);
    stack_t other{space.data(), 0, space.size()};
    sigaltstack(&other, nullptr);
    for (int i = 0; i < 2; i++) {
        good = false;
        in_chain([] { by_register([] { in_chain([] { by_expression([] { raise(SIGUSR1); AFTER_CALL; }); AFTER_CALL; });
            AFTER_CALL; }, 56); AFTER_CALL; });
        EXPECT_TRUE(good);
    }
    other.ss_flags = SS_DISABLE;
    sigaltstack(&other, nullptr);
}

// What cannot be read ends the stack, not the program.
TEST_F(stack_by_libunwind, wild_rule) {
    in_chain([] { by_wild([] { capture(); AFTER_CALL; }); AFTER_CALL; });
    EXPECT_GE(trace.count, 2u);
    EXPECT_NE(trace.source, stack_source::libunwind);
}

double nanoseconds() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double repeated, first;
void time_here() {
    double start = nanoseconds();
    here();
    first = nanoseconds() - start;
    uint32_t again = id;
    constexpr int kCalls = 100000;
    start = nanoseconds();
    for (int i = 0; i < kCalls; i++) {
        again = stack_depot_here();
        AFTER_CALL;
    }
    repeated = (nanoseconds() - start) / kCalls;
    good = again != 0 && id != 0;
}

// The words that libunwind read are part of what is compared.
TEST_F(stack_by_libunwind, is_remembered) {
    in_chain([] { by_memory([] { time_here(); AFTER_CALL; }); AFTER_CALL; });
    EXPECT_TRUE(good);
    EXPECT_EQ(stack_depot_get(id).source, stack_source::libunwind);
    printf("first %.0f ns, repeated %.1f ns\n", first, repeated);
    EXPECT_LT(repeated, 500) << "asked again each time";
}

TEST_F(stack_by_libunwind, callers_of_a_complex_frame_differ) {
    uint32_t ids[2];
    for (int round = 0; round < 3; round++) {
        for (uint32_t& each : ids) {
            if (&each == ids)
                in_chain([] { by_memory([] { here(); AFTER_CALL; }); AFTER_CALL; });
            else
                in_chain([] { AFTER_CALL; by_memory([] { here(); AFTER_CALL; }); AFTER_CALL; });
            each = id;
        }
        EXPECT_NE(ids[0], ids[1]);
    }
}

// It must not grow, and its stack must suffice.
TEST_F(stack_by_libunwind, a_million_frames) {
    size_t before = mallinfo2().uordblks;
    auto resident = [] {
        long pages = 0, all = 0;
        FILE* file = fopen("/proc/self/statm", "r");
        if (file == nullptr || fscanf(file, "%ld %ld", &all, &pages) != 2) pages = -1;
        fclose(file);
        return pages;
    };
    auto many = [] {
        by_memory([] {
            for (int i = 0; i < 100000; i++) capture();
            AFTER_CALL;
        });
        AFTER_CALL;
    };
    many();
    long pages = resident();
    double start = nanoseconds();
    many();
    printf("%.0f ns a stack, %zu bytes of its stack used\n", (nanoseconds() - start) / 100000, libunwind_stack_used());
    EXPECT_LT(resident() - pages, 64);
    EXPECT_LE(mallinfo2().uordblks, before + 65536);
    EXPECT_LT(libunwind_stack_used(), 32u << 10);
}

std::atomic<int> wrong;
thread_local stack_trace thread_trace;
constexpr int kCaptures = 2000;
void* capture_in_thread(void*) {
    for (int i = 0; i < kCaptures; i++) {
        by_memory([] {
            backtrace_capture(thread_trace, kMaxDepth);
            AFTER_CALL;
        });
        // The lambda, by_memory, this function, the library's.
        if (thread_trace.count < 4 || thread_trace.source != stack_source::libunwind) wrong++;
    }
    return nullptr;
}

TEST_F(stack_by_libunwind, threads_and_small_stacks) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, static_cast<size_t>(PTHREAD_STACK_MIN));
    pthread_t thread[4];
    for (pthread_t& t : thread) ASSERT_EQ(pthread_create(&t, &attributes, capture_in_thread, nullptr), 0);
    for (pthread_t& t : thread) pthread_join(t, nullptr);
    // A thread that waited in vain for its turn does without: several times, where the one whose turn it is does not run.
    EXPECT_LE(wrong, 4 * kCaptures / 20);
}

// A child has whatever the other threads were doing at the fork; it may do without, but must not hang.
TEST_F(stack_by_libunwind, fork_while_others_ask) {
    std::atomic<bool> stop{false};
    pthread_t thread;
    ASSERT_EQ(pthread_create(&thread, nullptr, [](void* s) -> void* {
        while (!*static_cast<std::atomic<bool>*>(s)) capture_in_thread(nullptr);
        return nullptr;
    }, &stop), 0);
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(10);
            by_memory([] { backtrace_capture(thread_trace, kMaxDepth); AFTER_CALL; });
            _exit(thread_trace.count >= 1 ? 0 : 1);
        }
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    stop = true;
    pthread_join(thread, nullptr);
}

volatile sig_atomic_t ticks;
TEST_F(stack_by_libunwind, interrupted_by_itself) {
    struct sigaction action {};
    action.sa_flags = SA_RESTART;
    action.sa_handler = [](int) {
        static stack_trace mine;
        by_memory([] { backtrace_capture(mine, kMaxDepth); AFTER_CALL; });
        ticks = ticks + 1;
    };
    sigaction(SIGALRM, &action, nullptr);
    timer_t timer;
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGALRM;
    ASSERT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    // Once, and again when it came: on a slow machine the handler may take longer than that, and nothing else would run.
    itimerspec soon{{0, 0}, {0, 100000}};
    unsigned shorter = 0, all = 0;
    for (int seen = -1; ticks < 300;) {
        if (ticks != seen) {
            seen = ticks;
            timer_settime(timer, 0, &soon, nullptr);
        }
        by_memory([] { capture(); AFTER_CALL; });
        all++;
        if (trace.source != stack_source::libunwind) shorter++;
    }
    timer_delete(timer);
    EXPECT_LE(shorter, all / 10);
}

}  // namespace

#endif
