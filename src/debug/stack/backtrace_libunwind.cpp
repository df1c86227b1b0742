#include "debug/stack/backtrace_libunwind.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>

#include "debug/stack/backtrace_dwarf.h"
#include "debug/stack/backtrace_rules.h"
#include "debug/inject/inject.h"
#include "debug/own_memory.h"
#include "os/environment.h"
#include "os/executable.h"
#include "os/syscall.h"
#include "pages/meta_arena.h"

#pragma weak dlsym
#pragma weak environ
#pragma weak _r_debug

extern "C" char** environ;

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace kslab {

namespace {

// ---- Its interface, of libunwind 1.1 to 1.8 (libunwind-x86_64.so.8)

constexpr int kBadRegister = -3, kInvalid = -8, kNoInfo = -10;
constexpr int kRemoteTable = 2;  // a PT_GNU_EH_FRAME that is read through read_memory

struct address_space;
struct cursor {
    uint64_t opaque[256];  // twice what it needs today
};
struct procedure {
    uint64_t start_ip, end_ip, lsda, handler, gp, flags;
    int format;
    int unwind_info_size;
    void* unwind_info;
    uint64_t extra[8];
};
using find_procedure = int(address_space*, uint64_t ip, procedure*, int need_unwind_info, void*);
using put_procedure = void(address_space*, procedure*, void*);
struct accessors {
    find_procedure* find_proc_info;
    put_procedure* put_unwind_info;
    int (*get_dyn_info_list_addr)(address_space*, uint64_t*, void*);
    int (*access_mem)(address_space*, uint64_t address, uint64_t*, int write, void*);
    int (*access_reg)(address_space*, int number, uint64_t*, int write, void*);
    int (*access_fpreg)(address_space*, int, void*, int, void*);
    int (*resume)(address_space*, cursor*, void*);
    int (*get_proc_name)(address_space*, uint64_t, char*, size_t, uint64_t*, void*);
    void* later[8];
};

// Releases before 1.4 have no load_offset: `words` hold it and what follows, or that alone.
struct table_info {
    void* next;
    void* previous;
    uint64_t start_ip, end_ip, gp;
    int32_t format, pad;
    uint64_t words[5];
};

struct {
    address_space* (*create_addr_space)(accessors*, int byte_order);
    accessors* (*get_accessors)(address_space*);
    address_space** local_addr_space;
    int (*set_caching_policy)(address_space*, int);
    int (*init_remote)(cursor*, address_space*, void*);
    int (*step)(cursor*);
    int (*get_reg)(cursor*, int, uint64_t*);
    int (*search_table)(address_space*, uint64_t ip, table_info*, procedure*, int need_unwind_info, void*);
} theirs;

constinit address_space* space = nullptr;
constinit bool has_load_offset = true;
constinit std::atomic<bool> loaded{false};

// ---- One question at a time

constinit std::atomic<uint64_t> asking{0};  // process and thread that ask

// Not a mutex: who interrupted the thread that asks, or was forked while another thread asked, shall not wait.
class right_to_ask {
public:
    right_to_ask() {
        uint64_t process = static_cast<uint64_t>(raw_syscall(SYS_getpid));
        uint64_t me = process << 32 | static_cast<uint64_t>(raw_syscall(SYS_gettid));
        constexpr unsigned kPatience = 1000;
        for (unsigned i = 0; i < kPatience; i++) {
            uint64_t holder = 0;
            if (asking.compare_exchange_strong(holder, me, std::memory_order_acquire)) {
                got_ = true;
                return;
            }
            if (holder == me || holder >> 32 != process) return;
            raw_syscall(SYS_sched_yield);
        }
    }
    ~right_to_ask() {
        if (got_) asking.store(0, std::memory_order_release);
    }
    right_to_ask(const right_to_ask&) = delete;
    right_to_ask& operator=(const right_to_ask&) = delete;
    explicit operator bool() const { return got_; }

private:
    bool got_ = false;
};

// A handler that ran on the stack below might need more of it, or leave it by longjmp.
class without_signals {
public:
    without_signals() {
        uint64_t all = ~uint64_t{0};
        raw_syscall(SYS_rt_sigprocmask, 2, reinterpret_cast<long>(&all), reinterpret_cast<long>(&before_), sizeof all);
    }
    ~without_signals() { raw_syscall(SYS_rt_sigprocmask, 2, reinterpret_cast<long>(&before_), 0, sizeof before_); }
    without_signals(const without_signals&) = delete;
    without_signals& operator=(const without_signals&) = delete;

private:
    uint64_t before_ = 0;
};

constexpr size_t kStackBytes = 64 << 10;
constinit char* stack = nullptr;

// With the right to ask.
void on_own_stack(void (*function)()) {
    __asm__ volatile(
        "movq %%rsp, %%rbx; movq %[top], %%rsp; callq *%[function]; movq %%rbx, %%rsp"
        :
        : [top] "r"(stack + kStackBytes), [function] "r"(function)
        : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2",
          "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

// The question. All with the right to ask.
constinit struct {
    libunwind_frame* frame;
    machine_registers registers;
    bool from_origin;
    readable_range* range;
    slot_log* log;
    module_tables module;
    uintptr_t table_page;     // the last page that tables were read from
    bool looking_for_tables;  // no register was asked for yet
    bool found_table;
    libunwind_answer answer;
    cursor place;
} question{};

// ---- What it asks us

bool read_word(uintptr_t address, uintptr_t& word) {
    constexpr uintptr_t kPageMask = kPageSize - 1;
    auto& q = question;
    if (address % sizeof word != 0) return false;
    bool table = address - reinterpret_cast<uintptr_t>(q.module.header) < q.module.end - reinterpret_cast<uintptr_t>(q.module.header);
    if (table && (q.looking_for_tables || (address & ~kPageMask) == q.table_page)) {
        q.table_page = address & ~kPageMask;
        word = *reinterpret_cast<const uintptr_t*>(address);
        return true;
    }
    if (!table && q.range->read(address, word)) {
        if (address < q.log->sp)
            q.log->give_up();
        else
            q.log->add_once(address, word);
        return true;
    }
    // An expression may read anything; such a walk is not remembered.
    q.log->give_up();
    return read_own_memory(address, &word, sizeof word);
}

int access_memory(address_space*, uint64_t address, uint64_t* word, int write, void*) {
    return write == 0 && read_word(address, *word) ? 0 : kInvalid;
}

int access_register(address_space*, int number, uint64_t* value, int write, void*) {
    auto& q = question;
    if (write != 0 || number < 0 || number >= static_cast<int>(machine_registers::kCount)) return kBadRegister;
    if ((q.registers.known >> number & 1) == 0) return kBadRegister;
    if (number != machine_registers::kIp) q.looking_for_tables = false;
    if (number == machine_registers::kBp) q.frame->asked_bp = true;
    *value = q.registers.value[number];
    return 0;
}

int find_tables(address_space*, uint64_t ip, procedure* out, int need_unwind_info, void* context) {
    auto& q = question;
    constexpr uint8_t kRelativeToHeader = 0x3b;
    q.looking_for_tables = true;
    if (!module_around(ip, q.module) || q.module.header == nullptr) return kNoInfo;
    const auto* bytes = static_cast<const uint8_t*>(q.module.header);
    if (bytes[0] != 1 || bytes[3] != kRelativeToHeader) return kNoInfo;
    uintptr_t base = reinterpret_cast<uintptr_t>(bytes);
    dwarf_cursor in{bytes + 4, bytes + 4 + 2 * sizeof(uint64_t)};
    in.pointer(bytes[1], base);
    uint64_t count = in.pointer(bytes[2], base);
    table_info table{};
    table.start_ip = q.module.start;
    table.end_ip = q.module.end;
    table.format = kRemoteTable;
    uint64_t* words = table.words + (has_load_offset ? 1 : 0);  // name, base, length in words, place
    words[1] = base;
    words[2] = count;
    words[3] = reinterpret_cast<uintptr_t>(in.at);
    int result = theirs.search_table(space, ip, &table, out, need_unwind_info, context);
    q.found_table = result >= 0;
    return result;
}

void put_tables(address_space* from, procedure* p, void* context) {
    put_procedure* put = theirs.get_accessors(*theirs.local_addr_space)->put_unwind_info;
    if (put != nullptr) put(from, p, context);
}

int no_list(address_space*, uint64_t*, void*) { return kNoInfo; }
int no_float(address_space*, int, void*, int, void*) { return kBadRegister; }
int no_resume(address_space*, cursor*, void*) { return kInvalid; }
int no_name(address_space*, uint64_t, char*, size_t, uint64_t*, void*) { return kNoInfo; }

// ---- What we ask it

bool get(unsigned number, uintptr_t& value) {
    uint64_t word;
    if (theirs.get_reg(&question.place, static_cast<int>(number), &word) < 0) return false;
    value = word;
    return true;
}

// To the frame that is asked about. False: the way there is not known.
bool walk_from_origin() {
    constexpr unsigned kMostFrames = 2 * kMaxDepth;
    const stack_position& wanted = question.frame->at;
    for (unsigned i = 0; i < kMostFrames; i++) {
        uintptr_t ip, sp;
        if (!get(machine_registers::kIp, ip) || !get(machine_registers::kSp, sp)) return false;
        if (ip == wanted.ip && sp == wanted.sp) return true;
        question.found_table = false;
        if (theirs.step(&question.place) <= 0 || !question.found_table) return false;
    }
    return false;
}

// Without a table it would guess; that we can do, too.
void ask() {
    auto& q = question;
    q.answer = libunwind_answer::none;
    if (theirs.init_remote(&q.place, space, nullptr) < 0) return;
    if (q.from_origin && !walk_from_origin()) return;
    q.found_table = false;
    int result = theirs.step(&q.place);
    if (result < 0 || !q.found_table) return;
    stack_position caller{0, 0, 0};
    if (result == 0 || !get(machine_registers::kIp, caller.ip) || caller.ip == 0) {
        q.answer = libunwind_answer::end;
        return;
    }
    if (!get(machine_registers::kSp, caller.sp) || caller.sp <= q.frame->at.sp) return;
    q.frame->bp_known = get(machine_registers::kBp, caller.bp);
    q.frame->at = caller;
    q.answer = libunwind_answer::caller;
}

void set_known_registers(const libunwind_frame& frame) {
    machine_registers& r = question.registers;
    r.known = uint64_t{1} << machine_registers::kIp | uint64_t{1} << machine_registers::kSp;
    if (frame.bp_known) r.known |= uint64_t{1} << machine_registers::kBp;
    // The call's own row, not the one of what follows it.
    r.value[machine_registers::kIp] = frame.at.ip - (frame.exact ? 0 : 1);
    r.value[machine_registers::kSp] = frame.at.sp;
    r.value[machine_registers::kBp] = frame.at.bp;
}

libunwind_answer ask_about(libunwind_frame& frame, const machine_registers* origin, readable_range& range,
                           slot_log& log) {
    right_to_ask right;
    if (!right) return libunwind_answer::none;
    without_signals quiet;
    auto& q = question;
    q.frame = &frame;
    q.range = &range;
    q.log = &log;
    q.from_origin = false;
    q.module = {};
    set_known_registers(frame);
    on_own_stack(ask);
    if (q.answer != libunwind_answer::none || origin == nullptr || origin->known == 0) return q.answer;
    log.give_up();
    q.from_origin = true;
    q.registers = *origin;
    on_own_stack(ask);
    return q.answer;
}

// ---- Loading

// Neither the loader nor another libc may come into a static program.
bool is_dynamic() {
    const process_start& start = start_block();
    const auto* headers = static_cast<const ElfW(Phdr)*>(start.phdr);
    for (size_t i = 0; i < start.phdr_count; i++)
        if (headers[i].p_type == PT_INTERP) return &dlsym != nullptr;
    return false;
}

template <typename T>
bool find(void* library, T& function, const char* name) {
    function = reinterpret_cast<T>(dlsym(library, name));
    return function != nullptr;
}

bool find_functions(void* library) {
    return find(library, theirs.create_addr_space, "_Ux86_64_create_addr_space") &&
           find(library, theirs.get_accessors, "_Ux86_64_get_accessors") &&
           find(library, theirs.local_addr_space, "_Ux86_64_local_addr_space") &&
           find(library, theirs.set_caching_policy, "_Ux86_64_set_caching_policy") &&
           find(library, theirs.init_remote, "_Ux86_64_init_remote") &&
           find(library, theirs.step, "_Ux86_64_step") && find(library, theirs.get_reg, "_Ux86_64_get_reg") &&
           find(library, theirs.search_table, "_Ux86_64_dwarf_search_unwind_table");
}

bool make_space() {
    // libunwind copies them; later versions of it know more, which are null.
    accessors ours{find_tables, put_tables, no_list, access_memory, access_register, no_float, no_resume, no_name, {}};
    constexpr int kNoCache = 0;  // a cache would bring a lock that a fork could leave held
    space = theirs.create_addr_space(&ours, 0);
    stack = static_cast<char*>(metadata_allocate(kStackBytes));
    return space != nullptr && stack != nullptr && theirs.set_caching_policy(space, kNoCache) >= 0;
}

// Whether it gets from here to our caller. Its interface may have changed in ways that no name tells.
KSLAB_NOINLINE bool finds_caller() {
    machine_registers here;
    here.take();
    readable_range range;
    range.enter(here.value[machine_registers::kSp]);
    slot_log log;
    log.sp = here.value[machine_registers::kSp];
    libunwind_frame frame{{here.value[machine_registers::kIp], log.sp, here.value[machine_registers::kBp]}, true, true};
    return ask_about(frame, nullptr, range, log) == libunwind_answer::caller &&
           frame.at.ip == reinterpret_cast<uintptr_t>(__builtin_return_address(0));
}

bool works() {
    if (finds_caller()) return true;
    has_load_offset = false;
    bool found = finds_caller();  // no tail call: it compares its caller with what it finds
    return found;
}

void load() {
    libunwind_load_state.store(libunwind_load::never, std::memory_order_relaxed);
    int saved = errno;
    bool injecting = inject_active();
    if (injecting) inject_stop();
    libunwind_loading = true;
    // By its name: the linker warns of static programs that refer to it.
    void* (*open)(const char*, int) = nullptr;
    find(RTLD_DEFAULT, open, "dlopen");
    void* library = open == nullptr ? nullptr : open("libunwind-x86_64.so.8", RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr && find_functions(library) && make_space() && works()) {
        loaded.store(true, std::memory_order_release);
        rule_generation.fetch_add(1, std::memory_order_relaxed);  // stacks that are remembered may be better now
    }
    libunwind_loading = false;
    if (injecting) inject_continue();
    errno = saved;
}

// The program's first thread, called by nothing but the program and its libraries from _start: neither in a signal
// handler nor below the loader, in whichever constructor or lookup; nor by libc, which may be in the middle of the same: dlerror
// and a failed dlsym allocate, and another of them inside leaves them with what was freed.
bool is_safe_moment(const stack_position& at) {
    stack_trace whole;
    readable_range range;
    range.enter(at.sp);
    backtrace_walk(whole, kMaxDepth, at, first_frame::after_call, range, nullptr, nullptr);
    if (whole.count == 0 || whole.source != stack_source::unwind_tables) return false;
    module_tables loader, libc;
    if (&_r_debug == nullptr || !module_around(_r_debug.r_brk, loader)) return false;
    if (&dlsym == nullptr || !module_around(reinterpret_cast<uintptr_t>(&dlsym), libc)) return false;
    if (whole.frame[0] - libc.start < libc.end - libc.start) return false;
    for (unsigned i = 0; i < whole.count; i++) {
        uintptr_t ip = whole.frame[i] - 1;
        if (rule_for(ip).kind() == unwind_kind::signal || ip - loader.start < loader.end - loader.start) return false;
    }
    uintptr_t last = whole.frame[whole.count - 1];
    return rule_for(last - 1).kind() == unwind_kind::end && executable_contains(reinterpret_cast<const void*>(last));
}

}  // namespace

constinit std::atomic<libunwind_load> libunwind_load_state{libunwind_load::never};
constinit relaxed<bool> libunwind_loading{false};

void libunwind_boot() {
    if (libunwind_load_state.load(std::memory_order_relaxed) != libunwind_load::never || !is_dynamic()) return;
    bool libc_is_ready = &environ == nullptr || environ != nullptr;
    if (libc_is_ready) return load();
    libunwind_load_state.store(libunwind_load::later, std::memory_order_relaxed);
}

KSLAB_NOINLINE void libunwind_load_later(const stack_position& at) {
    if (!host_single_threaded())
        libunwind_load_state.store(libunwind_load::never, std::memory_order_relaxed);
    else if (is_safe_moment(at))
        load();
}

bool libunwind_loaded() { return loaded.load(std::memory_order_acquire); }

libunwind_answer libunwind_step(libunwind_frame& frame, const machine_registers* origin, readable_range& range,
                                slot_log& log) {
    if (!libunwind_loaded()) return libunwind_answer::none;
    return ask_about(frame, origin, range, log);
}

size_t libunwind_stack_used() {
    size_t untouched = 0;
    while (stack != nullptr && untouched < kStackBytes && stack[untouched] == 0) untouched++;
    return stack == nullptr ? 0 : kStackBytes - untouched;
}

}  // namespace kslab

#else

namespace kslab {

constinit std::atomic<libunwind_load> libunwind_load_state{libunwind_load::never};
constinit relaxed<bool> libunwind_loading{false};
void libunwind_boot() {}
void libunwind_load_later(const stack_position&) {}
bool libunwind_loaded() { return false; }
libunwind_answer libunwind_step(libunwind_frame&, const machine_registers*, readable_range&, slot_log&) {
    return libunwind_answer::none;
}
size_t libunwind_stack_used() { return 0; }

}  // namespace kslab

#endif
