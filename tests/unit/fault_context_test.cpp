// Instructions as the assembler makes them, and what their memory operands are.
#include "debug/fault/fault_context.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "debug/fault/fault_finding.h"

namespace {

using namespace kslab;

TEST(read_carefully, stops_where_memory_does) {
    char* memory = static_cast<char*>(
        mmap(nullptr, 2 * kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(memory, MAP_FAILED);
    ASSERT_EQ(mprotect(memory + kPageSize, kPageSize, PROT_NONE), 0);
    memory[kPageSize - 1] = 'x';
    char bytes[16];
    EXPECT_EQ(read_carefully(bytes, reinterpret_cast<uintptr_t>(memory), 16), 16u);
    EXPECT_EQ(read_carefully(bytes, reinterpret_cast<uintptr_t>(memory) + kPageSize - 5, 16), 5u);
    EXPECT_EQ(bytes[4], 'x');
    EXPECT_EQ(read_carefully(bytes, reinterpret_cast<uintptr_t>(memory) + kPageSize, 1), 0u);
    EXPECT_EQ(read_carefully(bytes, 0x6b6b6b6b6b6b6b6b, 8), 0u);
}

TEST(poison, is_known_near_its_pattern_only) {
    unsigned char byte = 0;
    for (uintptr_t value : {0x6b6b6b6b6b6b6b6b, 0x6b6b6b6b6b6b7b6b, 0x6b6b6b6b6b6b5b6b}) {
        EXPECT_TRUE(is_poison(value, byte)) << std::hex << value;
        EXPECT_EQ(byte, 0x6b);
    }
    EXPECT_TRUE(is_poison(0x5a5a5a5a5a5a5a5a + 24, byte));
    EXPECT_EQ(byte, 0x5a);
    EXPECT_TRUE(is_poison(0xa56b6b6b6b6b6b6b, byte)) << "the end of a freed object";
    EXPECT_EQ(byte, 0x6b);
    for (uintptr_t value : {uintptr_t{0}, uintptr_t{0x6b}, uintptr_t{0x6b6b6b6b6b6b7b6c}, uintptr_t{0x6b6b6b6b},
                            ~uintptr_t{0}, uintptr_t{0x7fff6b6b6b6b}})
        EXPECT_FALSE(is_poison(value, byte)) << std::hex << value;
    EXPECT_TRUE(is_poison_32(0x6b6b6b6b, byte));
    EXPECT_TRUE(is_poison_32(0x5a5a5a5e, byte));
    EXPECT_TRUE(is_poison_32(0xffffffffcccccccc, byte));
    EXPECT_EQ(byte, 0xcc);
    EXPECT_FALSE(is_poison_32(0x16b6b6b6b, byte));
    EXPECT_FALSE(is_poison_32(0, byte));
}

#if defined(__x86_64__)

enum : int { none = -1, rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15 };

struct operand_case {
    const char* text;
    const unsigned char* code;
    const unsigned char* end;
    bool decoded;
    int base, index;
    unsigned scale;
    long displacement;
    bool loads_target;
};

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define STRING_(x) #x
#define STRING(x) STRING_(x)
#define ASSEMBLE_(id, instruction)                                                                            \
    asm(".pushsection .rodata\nfault_case_" STRING(id) ":\n" instruction "\nfault_case_" STRING(id) "_end:\n" \
        ".popsection");                                                                                       \
    extern "C" const unsigned char JOIN(fault_case_, id)[];                                                   \
    extern "C" const unsigned char JOIN(JOIN(fault_case_, id), _end)[];
#define ASSEMBLE(id, instruction) ASSEMBLE_(id, instruction)

#define CASES(X)                                                                      \
    X(1, "movq 8(%rax), %rcx", true, rax, none, 1, 8, false)                          \
    X(2, "movl %edx, (%rdi)", true, rdi, none, 1, 0, false)                           \
    X(3, "movb $1, -4(%r13)", true, r13, none, 1, -4, false)                          \
    X(4, "movq (%r12), %rax", true, r12, none, 1, 0, false)                           \
    X(5, "movq 4096(%rsp), %rax", true, rsp, none, 1, 4096, false)                    \
    X(6, "movl 16(%rbx,%rcx,8), %eax", true, rbx, rcx, 8, 16, false)                  \
    X(7, "movzbl (%r8,%r15,2), %eax", true, r8, r15, 2, 0, false)                     \
    X(8, "movq 64(,%rdx,4), %rax", true, none, rdx, 4, 64, false)                     \
    X(9, "movl %fs:(%rax), %ecx", true, rax, none, 1, 0, false)                       \
    X(10, "movaps (%rsi), %xmm0", true, rsi, none, 1, 0, false)                       \
    X(11, "movups %xmm9, 32(%r9)", true, r9, none, 1, 32, false)                      \
    X(12, "vmovdqu (%rsi), %ymm0", true, rsi, none, 1, 0, false)                      \
    X(13, "vmovdqu %ymm12, (%r10,%r11,1)", true, r10, r11, 1, 0, false)               \
    X(14, "vpcmpeqb (%rdi), %ymm1, %ymm2", true, rdi, none, 1, 0, false)              \
    X(15, "vpbroadcastb (%r14), %ymm0", true, r14, none, 1, 0, false)                 \
    X(16, "vmovdqu64 (%rax), %zmm17", true, rax, none, 1, 0, false)                   \
    X(17, "vmovdqu8 (%r9), %zmm0{%k1}{z}", true, r9, none, 1, 0, false)               \
    X(18, "lock cmpxchgl %ecx, (%rdx)", true, rdx, none, 1, 0, false)                 \
    X(19, "lock xaddq %rax, 24(%rbp)", true, rbp, none, 1, 24, false)                 \
    X(20, "rep movsb", true, rsi, rdi, 1, 0, false)                                   \
    X(21, "rep stosq", true, rdi, none, 1, 0, false)                                  \
    X(22, "repne scasb", true, rdi, none, 1, 0, false)                                \
    X(23, "lodsb", true, rsi, none, 1, 0, false)                                      \
    X(24, "callq *%rax", true, rax, none, 1, 0, false)                                \
    X(25, "jmpq *%r11", true, r11, none, 1, 0, false)                                 \
    X(26, "callq *24(%rax)", true, rax, none, 1, 24, true)                            \
    X(27, "jmpq *(%rdx,%rcx,8)", true, rdx, rcx, 8, 0, true)                          \
    X(28, "retq", true, rsp, none, 1, 0, true)                                        \
    X(29, "pushq %rbx", true, rsp, none, 1, 0, false)                                 \
    X(30, "pushq 8(%rcx)", true, rcx, none, 1, 8, false)                              \
    X(31, "incl (%rsi)", true, rsi, none, 1, 0, false)                                \
    X(32, "negq 8(%rdi)", true, rdi, none, 1, 8, false)                               \
    X(33, "shlq $3, (%rax)", true, rax, none, 1, 0, false)                            \
    X(34, "fldt (%rdx)", true, rdx, none, 1, 0, false)                                \
    X(35, "imulq $100, (%rcx), %rax", true, rcx, none, 1, 0, false)                   \
    X(36, "movsbw (%rdi,%rax,1), %dx", true, rdi, rax, 1, 0, false)                   \
    X(37, "pcmpistri $0x1a, (%rdi), %xmm1", true, rdi, none, 1, 0, false)             \
    X(38, "pshufb (%r8), %xmm1", true, r8, none, 1, 0, false)                         \
    X(39, "movbe (%rax), %ecx", true, rax, none, 1, 0, false)                         \
    X(40, "prefetcht0 (%rax)", true, rax, none, 1, 0, false)                          \
    X(41, "vpgatherdd %ymm1, (%rax,%ymm2,4), %ymm3", true, rax, none, 4, 0, false)    \
    X(42, "movq 0x1000(%rip), %rax", false, none, none, 1, 0, false)                  \
    X(43, "addq %rcx, %rax", false, none, none, 1, 0, false)                          \
    X(44, "nop", false, none, none, 1, 0, false)                                      \
    X(45, "syscall", false, none, none, 1, 0, false)                                  \
    X(46, "cpuid", false, none, none, 1, 0, false)                                    \
    X(47, "hlt", false, none, none, 1, 0, false)                                      \
    X(48, "movl (%eax), %ecx", true, rax, none, 1, 0, false)                          \
    X(49, "leave", true, rbp, none, 1, 0, false)                                      \
    X(50, "btsq %rax, (%rdx)", true, rdx, none, 1, 0, false)                          \
    X(51, "setne 3(%rsi)", true, rsi, none, 1, 3, false)                              \
    X(52, "cmpsb", true, rsi, rdi, 1, 0, false)

#define MAKE_CODE(id, text, ...) ASSEMBLE(id, text)
CASES(MAKE_CODE)
#define MAKE_CASE(id, text, decoded, base, index, scale, displacement, target) \
    {text, JOIN(fault_case_, id), JOIN(JOIN(fault_case_, id), _end), decoded, base, index, scale, displacement, target},
const operand_case cases[] = {CASES(MAKE_CASE)};

TEST(decode_operand, finds_what_the_assembler_was_told) {
    for (const operand_case& c : cases) {
        memory_operand operand;
        // As from memory: what follows is other code.
        unsigned char code[15] = {};
        size_t length = static_cast<size_t>(c.end - c.code);
        ASSERT_LE(length, sizeof code);
        std::copy(c.code, c.end, code);
        bool decoded = decode_operand(code, sizeof code, operand);
        EXPECT_EQ(decoded, c.decoded) << c.text;
        if (!decoded || !c.decoded) continue;
        EXPECT_EQ(operand.base, c.base) << c.text;
        EXPECT_EQ(operand.index, c.index) << c.text;
        if (c.index >= 0) {
            EXPECT_EQ(operand.scale, c.scale) << c.text;
        }
        EXPECT_EQ(operand.displacement, c.displacement) << c.text;
        EXPECT_EQ(operand.loads_target, c.loads_target) << c.text;
    }
}

TEST(decode_operand, survives_any_bytes_and_any_end) {
    uint64_t state = 88172645463325252u;
    for (unsigned i = 0; i < 300000; i++) {
        unsigned char code[16];
        for (unsigned char& byte : code) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            byte = static_cast<unsigned char>(state >> 24);
        }
        memory_operand operand;
        if (!decode_operand(code, i % 16, operand)) continue;
        EXPECT_LT(operand.base, 16);
        EXPECT_LT(operand.index, 16);
    }
}

#endif

}  // namespace
