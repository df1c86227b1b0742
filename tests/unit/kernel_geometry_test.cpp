// KSLAB_GEOMETRY=kernel: the slabs that a process really gets have the orders and object counts of Linux 2.6.17.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "cache/node.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "pages/page_map.h"
#include "pages/run.h"
#include "support/child.h"

namespace {

using namespace kslab;

struct row {
    size_t size;
    unsigned order, num, limit;
    bool on_slab;
};
// From the table in layout_test.cpp.
constexpr row kRows[] = {{32, 0, 112, 120, true},    {64, 0, 59, 120, true},      {96, 0, 30, 120, true},
                         {128, 0, 30, 120, true},    {192, 0, 20, 120, true},     {256, 0, 15, 120, true},
                         {512, 0, 8, 54, false},     {1024, 0, 4, 54, false},     {2048, 0, 2, 24, false},
                         {4096, 0, 1, 24, false},    {8192, 1, 1, 8, false},      {16384, 2, 1, 8, false},
                         {32768, 3, 1, 8, false},    {65536, 4, 1, 8, false},     {131072, 5, 1, 8, false}};

CHILD_PROGRAM(kernel_slabs) {
    for (const row& expected : kRows) {
        SCOPED_TRACE(expected.size);
        void* objects[200];
        for (void*& object : objects) {
            object = kmalloc(expected.size, 0);
            slab* s = page_owner_of(object).slab();
            ASSERT_NE(s, nullptr);
            EXPECT_STREQ(s->cache->name, ("kmalloc-" + std::to_string(expected.size)).c_str());
            EXPECT_EQ(s->pages->pages, 1u << expected.order);
            EXPECT_EQ(s->num, expected.num);
            EXPECT_EQ(s->cache->limit, expected.limit);
            size_t before = static_cast<size_t>(s->s_mem - static_cast<char*>(s->pages->memory()));
            EXPECT_GE(before, expected.on_slab ? 48 + 4 * expected.num : 0u) << "no room for the management";
            memset(object, 0x77, expected.size);
        }
        for (void* object : objects) kfree(object);
    }
    EXPECT_EQ(kmalloc_caches.largest, 131072u);
    EXPECT_STREQ(validate_heap(), nullptr);
}

TEST(kernel_geometry, slabs_of_a_process) {
    test::outcome end = test::rerun("kernel_slabs", {"KSLAB_GEOMETRY=kernel", "KSLAB_CLASSES=kmalloc"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

CHILD_PROGRAM(own_slabs) {
    for (size_t size : {size_t{16}, size_t{24}, size_t{320}, size_t{8192}}) {
        std::vector<void*> objects;
        std::vector<slab*> slabs;
        while (slabs.size() < 5) {
            objects.push_back(kmalloc(size, 0));
            slab* s = page_owner_of(objects.back()).slab();
            if (std::find(slabs.begin(), slabs.end(), s) == slabs.end()) slabs.push_back(s);
        }
        EXPECT_EQ(slabs[0]->pages->pages, 4u) << size;
        EXPECT_EQ(slabs[1]->pages->pages, 8u) << size;
        for (size_t i = 2; i < slabs.size(); i++) EXPECT_EQ(slabs[i]->pages->pages, 16u) << size;
        for (void* object : objects) kfree(object);
    }
    EXPECT_EQ(kmalloc_caches.largest, kLargestWholePages);
}

TEST(kernel_geometry, kslabs_own_slabs_are_16_32_and_then_64_kib) {
    test::outcome end = test::rerun("own_slabs", {"KSLAB_GEOMETRY=kslab"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

}  // namespace
