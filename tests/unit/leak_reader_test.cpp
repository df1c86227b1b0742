#include "debug/leak/leak_reader.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vector>

namespace {

using namespace kslab;

constexpr size_t kPages = 100;
const size_t kPage = static_cast<size_t>(sysconf(_SC_PAGESIZE));

struct words_seen {
    std::vector<uintptr_t> nonzero;
    size_t count = 0;
};

word_visitor into(words_seen& seen) {
    return {[](const uintptr_t* words, size_t count, void* context) {
                words_seen& to = *static_cast<words_seen*>(context);
                to.count += count;
                for (size_t i = 0; i < count; i++)
                    if (words[i] != 0) to.nonzero.push_back(words[i]);
            },
            &seen};
}

class leak_reading : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(reader.open());
        void* got = mmap(nullptr, kPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ASSERT_NE(got, MAP_FAILED);
        memory = static_cast<char*>(got);
    }
    void TearDown() override {
        munmap(memory, kPages * kPage);
        reader.close();
    }
    void put(size_t offset, uintptr_t word) { memcpy(memory + offset, &word, sizeof word); }
    uintptr_t at(size_t offset) const { return reinterpret_cast<uintptr_t>(memory) + offset; }

    leak_reader reader;
    char* memory = nullptr;
};

TEST_F(leak_reading, every_word_is_seen_once) {
    for (size_t i = 0; i < kPages; i++) put(i * kPage + 8 * i, i + 1);
    words_seen seen;
    reader.read(at(0), at(kPages * kPage), into(seen));
    EXPECT_EQ(seen.count, kPages * kPage / 8);
    ASSERT_EQ(seen.nonzero.size(), kPages);
    for (size_t i = 0; i < kPages; i++) EXPECT_EQ(seen.nonzero[i], i + 1);
}

TEST_F(leak_reading, pages_that_cannot_be_read_are_left_out) {
    for (size_t i = 0; i < kPages; i++) put(i * kPage, i + 1);
    ASSERT_EQ(mprotect(memory + 3 * kPage, kPage, PROT_NONE), 0);
    ASSERT_EQ(munmap(memory + 50 * kPage, 2 * kPage), 0);
    words_seen seen;
    reader.read(at(0), at(kPages * kPage), into(seen));
    EXPECT_EQ(seen.nonzero.size(), kPages - 3);
}

TEST_F(leak_reading, words_lie_where_the_object_begins) {
    put(kPage - 3, 42);
    put(7 * kPage + 5, 43);
    words_seen seen;
    reader.read(at(5), at(9 * kPage), into(seen));
    ASSERT_EQ(seen.nonzero.size(), 2u) << "an object at an odd address has its words at odd addresses";
    EXPECT_EQ(seen.nonzero[0], 42u);
    EXPECT_EQ(seen.nonzero[1], 43u);
}

TEST_F(leak_reading, what_was_never_written_is_not_read) {
    for (size_t i : {0, 7, 8, 99}) put(i * kPage + 16, i + 1);
    words_seen seen;
    reader.read_written(at(0), at(kPages * kPage), into(seen));
    EXPECT_EQ(seen.nonzero, (std::vector<uintptr_t>{1, 8, 9, 100}));
    // Where the page table cannot be read, or huge pages are in use, it is more than the four.
    EXPECT_LE(seen.count, kPages * kPage / 8);
}

TEST_F(leak_reading, parts_of_pages) {
    for (size_t i = 0; i < kPages; i++) put(i * kPage + 64, i + 1);
    words_seen seen;
    reader.read_written(at(72), at(9 * kPage + 72), into(seen));
    ASSERT_EQ(seen.nonzero.size(), 9u);
    EXPECT_EQ(seen.nonzero.front(), 2u);
    EXPECT_EQ(seen.nonzero.back(), 10u);
}

TEST_F(leak_reading, huge_sparse_memory_takes_no_time) {
    constexpr size_t kHuge = size_t{64} << 30;
    void* got = mmap(nullptr, kHuge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) GTEST_SKIP() << "no address space";
    static_cast<uintptr_t*>(got)[kHuge / 16] = 77;
    words_seen seen;
    uintptr_t start = reinterpret_cast<uintptr_t>(got);
    reader.read_written(start, start + kHuge, into(seen));
    EXPECT_EQ(seen.nonzero, std::vector<uintptr_t>{77});
    munmap(got, kHuge);
}

TEST_F(leak_reading, its_buffers_are_its_own) {
    EXPECT_FALSE(reader.owns(at(0)));
    struct probe {
        leak_reader* reader;
        bool owned;
    } p = {&reader, false};
    put(0, 1);
    reader.read(at(0), at(kPage),
                {[](const uintptr_t* words, size_t, void* context) {
                     probe& to = *static_cast<probe*>(context);
                     to.owned = to.reader->owns(reinterpret_cast<uintptr_t>(words));
                 },
                 &p});
    EXPECT_TRUE(p.owned);
}

}  // namespace
