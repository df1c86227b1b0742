// Stacks of known calls, and of stacks that are none.
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <vector>

#include "debug/stack/backtrace.h"
#include "debug/stack/backtrace_rules.h"
#include "debug/stack/stack_depot.h"
#include "support/child.h"

namespace {

using namespace kslab;

#define NOINLINE __attribute__((noinline, noclone))
// What follows the call keeps it from becoming a jump.
#define AFTER_CALL __asm__ volatile("" ::: "memory")

stack_trace trace;
unsigned depth;
uint32_t id;

// Each function notes where its caller goes on: the frames that a walk from its callee must find.
std::vector<uintptr_t> expected;
struct expects {
    explicit expects(void* return_address) { expected.push_back(reinterpret_cast<uintptr_t>(return_address)); }
    ~expects() { expected.pop_back(); }
};
#define JOIN_AGAIN(a, b) a##b
#define JOIN(a, b) JOIN_AGAIN(a, b)
#define EXPECTS expects JOIN(frame, __COUNTER__)(__builtin_return_address(0))

NOINLINE void capture() {
    EXPECTS;
    depth = depth == 0 ? kMaxDepth : depth;
    backtrace_capture(trace, depth);
    AFTER_CALL;
}

NOINLINE void capture_and_compare() {
    EXPECTS;
    capture();
    // capture() has returned; its own entry was the last expected. Sanitizers do without inlining: there are frames
    // between ours.
    ASSERT_GE(trace.count, expected.size() + 2);
    unsigned at = 2;
    for (size_t i = expected.size(); i-- > 0; at++) {
        while (kSanitizerFactor != 1 && at + 1 < trace.count && trace.frame[at] != expected[i]) at++;
        ASSERT_LT(at, trace.count);
        EXPECT_EQ(trace.frame[at], expected[i]) << "frame " << at;
    }
    EXPECT_EQ(trace.source, stack_source::unwind_tables);
}

class stack_backtrace : public testing::Test {
protected:
    void SetUp() override {
        backtrace_boot();
        expected.clear();
        depth = 0;
    }
};

NOINLINE void plain(void (*then)()) {
    EXPECTS;
    then();
    AFTER_CALL;
}

NOINLINE void with_variable_frame(size_t bytes, void (*then)()) {
    EXPECTS;
    auto* room = static_cast<volatile char*>(__builtin_alloca(bytes));
    room[0] = 1;
    then();
    AFTER_CALL;
}

NOINLINE void with_large_frame(void (*then)()) {
    EXPECTS;
    char room[300000];
    __asm__ volatile("" : : "r"(room) : "memory");
    then();
    __asm__ volatile("" : : "r"(room) : "memory");
}

struct alignas(64) wide {
    volatile char bytes[64];
};
// Aligns its stack: its frame is described by an expression.
NOINLINE void with_aligned_frame(size_t bytes, void (*then)()) {
    EXPECTS;
    wide on_stack;
    on_stack.bytes[0] = 1;
    auto* room = static_cast<volatile char*>(__builtin_alloca(bytes));
    room[0] = on_stack.bytes[0];
    then();
    on_stack.bytes[1] = room[0];
}

TEST_F(stack_backtrace, plain_calls) {
    plain([] { EXPECTS; plain([] { EXPECTS; capture_and_compare(); AFTER_CALL; }); AFTER_CALL; });
}

TEST_F(stack_backtrace, variable_frames) {
    for (size_t bytes : {1, 100, 5000, 70000})
        with_variable_frame(bytes, [] { EXPECTS; with_variable_frame(333, [] { EXPECTS; capture_and_compare(); AFTER_CALL; }); });
}

TEST_F(stack_backtrace, large_frames) {
    with_large_frame([] { EXPECTS; with_large_frame([] { EXPECTS; capture_and_compare(); AFTER_CALL; }); });
}

TEST_F(stack_backtrace, aligned_frames) {
    for (size_t bytes : {1, 100, 5000})
        with_aligned_frame(bytes, [] { EXPECTS; with_aligned_frame(70, [] { EXPECTS; capture_and_compare(); AFTER_CALL; }); });
}

TEST_F(stack_backtrace, depth_is_a_limit) {
    for (depth = 1; depth <= 5; depth++) {
        plain([] { EXPECTS; plain([] { EXPECTS; capture(); AFTER_CALL; }); });
        EXPECT_EQ(trace.count, depth);
    }
    depth = 1000;
    plain([] { EXPECTS; capture(); AFTER_CALL; });
    EXPECT_LE(trace.count, kMaxDepth);
}

NOINLINE void recurse(unsigned n) {
    EXPECTS;
    if (n == 0)
        capture();
    else
        recurse(n - 1);
    AFTER_CALL;
}

TEST_F(stack_backtrace, deep_recursion) {
    for (unsigned n : {10u, 1000u, 20000u / kSanitizerFactor}) {
        recurse(n);
        EXPECT_EQ(trace.count, n < kMaxDepth ? trace.count : kMaxDepth);
        EXPECT_GT(trace.count, n < kMaxDepth ? n : kMaxDepth - 1);
    }
}

TEST_F(stack_backtrace, both_ways_to_find_tables) {
    for (module_search search : {module_search::iterate, module_search::find_object}) {
        rules_forget();
        rules_use_search(search);
        plain([] { EXPECTS; with_variable_frame(50, [] { EXPECTS; capture_and_compare(); AFTER_CALL; }); });
    }
}

// ---- Signals

stack_trace in_handler;
stack_trace of_context;

void handler(int, siginfo_t*, void* context) {
    backtrace_capture(in_handler, kMaxDepth);
    backtrace_from_context(of_context, kMaxDepth, context);
}

bool contains(const stack_trace& in, uintptr_t frame) {
    for (unsigned i = 0; i < in.count; i++)
        if (in.frame[i] == frame) return true;
    return false;
}

NOINLINE void raise_in_chain() {
    EXPECTS;
    raise(SIGUSR1);
    for (uintptr_t frame : expected) {
        EXPECT_TRUE(contains(in_handler, frame));
        EXPECT_TRUE(contains(of_context, frame));
    }
    EXPECT_TRUE(of_context.exact);
    EXPECT_FALSE(in_handler.exact);
}

void install(int signal, void (*function)(int, siginfo_t*, void*), int flags) {
    struct sigaction action {};
    action.sa_sigaction = function;
    action.sa_flags = SA_SIGINFO | flags;
    sigaction(signal, &action, nullptr);
}

TEST_F(stack_backtrace, through_a_signal_handler) {
    install(SIGUSR1, handler, 0);
    plain([] { EXPECTS; with_variable_frame(99, [] { EXPECTS; raise_in_chain(); AFTER_CALL; }); });
}

TEST_F(stack_backtrace, through_a_handler_on_another_stack) {
    std::vector<char> space(256 << 10);
    stack_t other{space.data(), 0, space.size()};
    sigaltstack(&other, nullptr);
    install(SIGUSR1, handler, SA_ONSTACK);
    plain([] { EXPECTS; with_variable_frame(99, [] { EXPECTS; raise_in_chain(); AFTER_CALL; }); });
    other.ss_flags = SS_DISABLE;
    sigaltstack(&other, nullptr);
}

// A child: what faults must fault, and no sanitizer may mind.
NOINLINE void call_nothing() {
    EXPECTS;
    void (*volatile nothing)() = nullptr;
    nothing();
    AFTER_CALL;
}

TEST_F(stack_backtrace, call_through_null) {
    test::outcome end = test::in_fork([] {
        install(SIGSEGV, [](int, siginfo_t*, void* context) {
            backtrace_from_context(of_context, kMaxDepth, context);
            bool good = of_context.count > 3 && of_context.frame[0] == 0;
            for (uintptr_t frame : expected) good = good && contains(of_context, frame);
            _exit(good ? 0 : 1);
        }, 0);
        plain([] { EXPECTS; call_nothing(); AFTER_CALL; });
    });
    EXPECT_EQ(end.exit_code, 0);
}

// ---- Stacks that are small, foreign, or none

void* capture_in_thread(void*) {
    stack_trace mine;
    backtrace_capture(mine, 8);
    uint32_t put = stack_depot_here();
    return reinterpret_cast<void*>(mine.count > 0 && put != 0 ? uintptr_t{1} : uintptr_t{0});
}

TEST_F(stack_backtrace, smallest_thread_stack) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    size_t bytes = static_cast<size_t>(PTHREAD_STACK_MIN) * (kSanitizerFactor == 1 ? 1 : 16);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, bytes), 0);
    for (int i = 0; i < 100; i++) {
        pthread_t thread;
        ASSERT_EQ(pthread_create(&thread, &attributes, capture_in_thread, nullptr), 0);
        void* good = nullptr;
        pthread_join(thread, &good);
        ASSERT_NE(good, nullptr);
    }
}

ucontext_t main_context, fiber_context;

TEST_F(stack_backtrace, fibers_come_and_go) {
    for (int i = 0; i < 50; i++) {
        constexpr size_t kBytes = 64 << 10;
        void* space = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ASSERT_NE(space, MAP_FAILED);
        getcontext(&fiber_context);
        fiber_context.uc_stack = {space, 0, kBytes};
        fiber_context.uc_link = &main_context;
        makecontext(&fiber_context, [] {
            id = stack_depot_here();
            capture();
            AFTER_CALL;
        }, 0);
        uint32_t before = stack_depot_here();
        swapcontext(&main_context, &fiber_context);
        EXPECT_NE(id, 0u);
        EXPECT_GE(trace.count, 2u);
        EXPECT_NE(before, 0u);
        munmap(space, kBytes);
    }
}

// A stack that ends where nothing can be read, with registers that point anywhere.
TEST_F(stack_backtrace, nonsense_does_no_harm) {
    constexpr size_t kPage = 4096;
    char* pages = static_cast<char*>(mmap(nullptr, 3 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(pages, MAP_FAILED);
    ASSERT_EQ(mprotect(pages + kPage, kPage, PROT_READ | PROT_WRITE), 0);
    uintptr_t code = reinterpret_cast<uintptr_t>(&capture_in_thread) + 20;
    uintptr_t top = reinterpret_cast<uintptr_t>(pages) + 2 * kPage;
    for (uintptr_t sp : {top - 8, top - 16, top - 64, top, top + 16, uintptr_t{0}, uintptr_t{16}, ~uintptr_t{7}})
        for (uintptr_t bp : {top - 16, top - 8, top - 1, top + 8, sp, sp + 1, uintptr_t{0}, ~uintptr_t{0}})
            for (uintptr_t ip : {code, uintptr_t{1}, top, ~uintptr_t{0}, uintptr_t{1} << 63}) {
                for (uintptr_t* word = reinterpret_cast<uintptr_t*>(top) - 16; word < reinterpret_cast<uintptr_t*>(top);
                     word++)
                    *word = bp ^ (reinterpret_cast<uintptr_t>(word) & 64);
                ucontext_t context{};
#if defined(__x86_64__)
                context.uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(ip);
                context.uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>(sp);
                context.uc_mcontext.gregs[REG_RBP] = static_cast<greg_t>(bp);
#else
                context.uc_mcontext.pc = ip;
                context.uc_mcontext.sp = sp;
                context.uc_mcontext.regs[29] = bp;
#endif
                stack_trace out;
                backtrace_from_context(out, kMaxDepth, &context);
                EXPECT_GE(out.count, 1u);
            }
    munmap(pages, 3 * kPage);
}

// ---- stack_depot_here: remembered stacks

NOINLINE void here() {
    id = stack_depot_here();
    AFTER_CALL;
}

TEST_F(stack_backtrace, the_same_call_gives_the_same_id) {
    std::vector<uint32_t> ids;
    for (int i = 0; i < 10; i++) {
        plain([] { here(); AFTER_CALL; });
        ids.push_back(id);
    }
    EXPECT_NE(ids[0], 0u);
    for (uint32_t each : ids) EXPECT_EQ(each, ids[0]);
}

// Two callers, one stack pointer in here(): the second frame must not eat what is remembered of the first.
NOINLINE void from_one() {
    plain([] { EXPECTS; here(); AFTER_CALL; });
    AFTER_CALL;
}
NOINLINE void from_another() {
    plain([] { EXPECTS; here(); AFTER_CALL; });
    AFTER_CALL;
}

TEST_F(stack_backtrace, different_callers_give_different_ids) {
    for (int i = 0; i < 3; i++) {
        from_one();
        uint32_t one = id;
        from_another();
        EXPECT_NE(id, one);
        stack_view a = stack_depot_get(one);
        stack_view b = stack_depot_get(id);
        EXPECT_NE(memcmp(a.frame, b.frame, a.count * sizeof(uintptr_t)), 0);
    }
}

// The same stack pointer and the same innermost frames, but a variable frame has moved what lies above: the old
// return addresses may still be there, inside the frame.
NOINLINE void moved(size_t outer, size_t inner, void (*then)()) {
    volatile char* room = static_cast<volatile char*>(__builtin_alloca(outer));
    room[0] = 1;
    with_variable_frame(inner, then);
    AFTER_CALL;
}

TEST_F(stack_backtrace, remembered_stacks_are_true) {
    track_depth = 6;
    for (int round = 0; round < 3; round++)
        for (size_t outer = 0; outer < 2048; outer += 16) {
            moved(outer + 1, 2048 - outer, [] {
                depth = track_depth;
                here();
                capture();
                AFTER_CALL;
            });
            // Frame 0 differs: here() and capture() return to different places of the lambda.
            stack_view put = stack_depot_get(id);
            ASSERT_EQ(put.count, 6u);
            ASSERT_EQ(trace.count, 6u);
            EXPECT_EQ(memcmp(put.frame + 2, trace.frame + 2, 4 * sizeof(uintptr_t)), 0);
        }
    track_depth = 8;
}

TEST_F(stack_backtrace, forgotten_rules_are_read_again) {
    plain([] { EXPECTS; here(); AFTER_CALL; });
    uint32_t before = id;
    for (int i = 0; i < 2; i++) {
        rules_forget();
        from_one();
    }
    plain([] { EXPECTS; here(); AFTER_CALL; });
    EXPECT_NE(before, 0u);
    plain([] { EXPECTS; capture_and_compare(); AFTER_CALL; });
}

TEST_F(stack_backtrace, child_of_fork) {
    plain([] { EXPECTS; here(); AFTER_CALL; });
    test::outcome end = test::in_fork([] {
        for (int i = 0; i < 3; i++) {
            plain([] { EXPECTS; here(); AFTER_CALL; });
            if (id == 0) _exit(1);
        }
        pthread_t thread;
        void* good = nullptr;
        if (pthread_create(&thread, nullptr, capture_in_thread, nullptr) != 0) _exit(2);
        pthread_join(thread, &good);
        _exit(good != nullptr ? 0 : 3);
    });
    EXPECT_EQ(end.exit_code, 0);
}

// Inside itself: a timer whose handler captures as well.
volatile sig_atomic_t ticks;
volatile sig_atomic_t empty;

TEST_F(stack_backtrace, interrupted_by_itself) {
    if (kSanitizerFactor != 1) GTEST_SKIP() << "the thread sanitizer puts signals off";
    install(SIGALRM, [](int, siginfo_t*, void*) {
        ticks = ticks + 1;
        if (stack_depot_here() == 0) empty = empty + 1;
    }, SA_RESTART);
    timer_t timer;
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGALRM;
    ASSERT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    // Once, and again when it came: on a slow machine the handler may take longer than that, and nothing else would run.
    itimerspec soon{{0, 0}, {0, 100000}};
    for (int seen = -1; ticks < 500;) {
        if (ticks != seen) {
            seen = ticks;
            timer_settime(timer, 0, &soon, nullptr);
        }
        from_one();
        uint32_t one = id;
        rules_forget();
        from_another();
        ASSERT_NE(one, 0u);
        ASSERT_NE(id, one);
    }
    timer_delete(timer);
    // A handler that interrupts the adding of a stack cannot add its own.
    EXPECT_LT(empty, 50);
}

}  // namespace
