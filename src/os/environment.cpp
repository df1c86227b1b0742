#include "os/environment.h"

#include <elf.h>
#include <link.h>

#include "base/bits.h"
#include "os/syscall.h"

// Where the initial stack begins: argc, argv, null, environment, null, auxiliary vector. Set by the
// dynamic linker, or by libc's start-up code in a static program, before anything allocates.
extern "C" void* __libc_stack_end __attribute__((weak));

namespace kslab {

namespace {

char* no_environment[] = {nullptr};

const char* last_component(const char* path) {
    const char* name = path;
    for (const char* p = path; *p != '\0'; p++)
        if (*p == '/') name = p + 1;
    return name;
}

void read_auxiliary_vector(process_start& start, const ElfW(auxv_t)* aux) {
    for (; aux->a_type != AT_NULL; aux++) {
        switch (aux->a_type) {
            case AT_PAGESZ: start.page_size = aux->a_un.a_val; break;
            case AT_PHDR: start.phdr = reinterpret_cast<const void*>(aux->a_un.a_val); break;
            case AT_PHNUM: start.phdr_count = aux->a_un.a_val; break;
            case AT_SECURE: start.secure = aux->a_un.a_val != 0; break;
            case AT_SYSINFO_EHDR: start.vdso = reinterpret_cast<const void*>(aux->a_un.a_val); break;
            default: break;
        }
    }
}

// The word that holds argc: at __libc_stack_end itself with the dynamic linker, a word or two above it where
// the start-up code of a static program has pushed registers first. Null when neither looks like it.
char** find_argc(void* stack_end) {
    constexpr uintptr_t kManyArguments = 1 << 22;
    char** words = static_cast<char**>(stack_end);
    for (int i = 0; i < 3; i++, words++) {
        uintptr_t argc = reinterpret_cast<uintptr_t>(*words);
        if (argc != 0 && argc < kManyArguments && words[1] != nullptr && words[1 + argc] == nullptr) return words;
    }
    return nullptr;
}

process_start read_start_block() {
    process_start start{no_environment, kPageSize, nullptr, 0, false, nullptr, "?"};
    if (&__libc_stack_end == nullptr || __libc_stack_end == nullptr) return start;
    char** words = find_argc(__libc_stack_end);
    if (words == nullptr) return start;
    start.program = last_component(words[1]);
    start.environment = words + 2 + reinterpret_cast<uintptr_t>(*words);
    words = start.environment;
    while (*words != nullptr) words++;
    read_auxiliary_vector(start, reinterpret_cast<const ElfW(auxv_t)*>(words + 1));
    return start;
}

}  // namespace

namespace {
process_start start;
uint32_t known_start;
}  // namespace

const process_start& start_block() {
    // Two threads that come first at once write the same values.
    if (KSLAB_UNLIKELY(__atomic_load_n(&known_start, __ATOMIC_ACQUIRE) == 0)) {
        start = read_start_block();
        __atomic_store_n(&known_start, 1u, __ATOMIC_RELEASE);
    }
    return start;
}

unsigned usable_cpus() {
    unsigned long mask[16] = {};
    long bytes = raw_syscall(SYS_sched_getaffinity, 0, sizeof mask, reinterpret_cast<long>(mask));
    if (bytes <= 0) return 1;
    unsigned count = 0;
    for (unsigned long word : mask) count += bit_count(word);
    return count == 0 ? 1 : count;
}

}  // namespace kslab
