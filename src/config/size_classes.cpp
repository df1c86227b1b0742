#include "config/size_classes.h"

#include "base/bits.h"

namespace kslab {

namespace {

struct profile_row {
    uint32_t size;
    size_profile first;  // the least rich profile that has it
};

// Order of richness: kmalloc, odd, fine.
constexpr profile_row kSmallRows[] = {
    {8, size_profile::kmalloc},  {16, size_profile::kmalloc},  {32, size_profile::kmalloc},
    {48, size_profile::odd},     {64, size_profile::kmalloc},  {80, size_profile::odd},
    {96, size_profile::kmalloc}, {112, size_profile::odd},     {128, size_profile::kmalloc},
    {160, size_profile::fine},   {192, size_profile::kmalloc}, {224, size_profile::fine},
    {256, size_profile::kmalloc},
};

// Powers of two with a header: sqlite's records have 1032 bytes, its pages 4376.
constexpr size_t kWithHeader[] = {1088, 2176, 4608};

unsigned richness(size_profile profile) {
    switch (profile) {
        case size_profile::kmalloc: return 0;
        case size_profile::odd: return 1;
        case size_profile::fine: return 2;
    }
    return 0;
}

}  // namespace

size_class_table make_size_classes(size_profile profile, slab_geometry geometry, size_t largest) {
    size_class_table table{};
    auto add = [&table](size_t size) { table.size[table.count++] = static_cast<uint32_t>(size); };
    for (const profile_row& row : kSmallRows)
        if (richness(row.first) <= richness(profile)) add(row.size);
    for (size_t base = 256; base < kFastMaximum; base *= 2) {
        if (profile != size_profile::kmalloc) {
            for (size_t size : kWithHeader)
                if (size > base && size < base * 2) add(size);
            for (size_t quarter = 1; quarter < 4; quarter++) add(base + quarter * base / 4);
        }
        add(base * 2);
    }
    table.whole_pages_from = table.count;
    if (geometry == slab_geometry::kernel) {
        for (size_t size = kFastMaximum * 2; size <= kLargestClass; size *= 2) add(size);
        table.whole_pages_from = table.count;
    } else if (profile != size_profile::kmalloc) {
        for (size_t base = kFastMaximum; base < largest; base *= 2)
            for (size_t quarter = 1; quarter <= 4; quarter++)
                if (size_t size = base + quarter * base / 4; size % kPageSize == 0) add(size);
    }
    return table;
}

unsigned kernel_kmalloc_index(size_t size) {
    if (size == 0) return 0;
    if (size <= 8) return 3;
    if (size > 64 && size <= 96) return 1;
    if (size > 128 && size <= 192) return 2;
    return log2_ceil(size);
}

}  // namespace kslab
