#include "slab/layout.h"

namespace kslab {

namespace {

uint32_t narrow(size_t n) { return static_cast<uint32_t>(n); }

// Facts of the original on 64-bit machines.
constexpr size_t kDescriptorBytes = 48;   // sizeof(struct slab)
constexpr size_t kBufctlBytes = 4;        // sizeof(kmem_bufctl_t)
constexpr size_t kOffSlabFrom = kPageSize >> 3;
constexpr unsigned kMaxOrder = 5;         // MAX_GFP_ORDER
constexpr unsigned kBreakOrder = 1;       // slab_break_gfp_order with more than 32 MB of memory

struct estimate {
    size_t num;
    size_t left_over;
};

estimate estimate_off_slab(size_t bytes, size_t size) { return {bytes / size, bytes % size}; }

estimate estimate_on_slab(size_t bytes, size_t size, size_t align) {
    size_t num = (bytes - kDescriptorBytes) / (size + kBufctlBytes);
    auto management = [align](size_t n) { return align_up(kDescriptorBytes + n * kBufctlBytes, align); };
    // Aligning the descriptor may have taken the room of the last object.
    if (num > 0 && management(num) + num * size > bytes) num--;
    return {num, bytes - num * size - management(num)};
}

// A line, or as many halves of it as leave the object in one piece.
size_t kernel_alignment(size_t size, size_t align, unsigned flags) {
    size_t result = sizeof(void*);
    if ((flags & kHardwareAlign) != 0) {
        result = kCacheLine;
        while (size <= result / 2) result /= 2;
    }
    if (align > result) result = align;
    return align_up(result, sizeof(void*));
}

}  // namespace

namespace {

slab_layout layout_in(size_t pages, size_t size, size_t align) {
    size_t bytes = pages * kPageSize;
    size_t num = bytes / size;
    size_t left_over = bytes - num * size;
    size_t colour_off = align > kCacheLine ? align : kCacheLine;
    return {narrow(pages), narrow(num), 0, narrow(left_over / colour_off), narrow(colour_off)};
}

}  // namespace

slab_layout make_smallest_layout(size_t size, size_t align) { return layout_in(pages_for(size), size, align); }

slab_layout make_layout(size_t size, size_t align, size_t floor_pages) {
    size_t pages = floor_pages;
    while (pages < kMaxSlabPages) {
        size_t bytes = pages * kPageSize;
        if (bytes >= size && (bytes % size) * 8 <= bytes) break;
        pages++;
    }
    // The largest objects, with redzones.
    if (pages * kPageSize < size) pages = pages_for(size);
    return layout_in(pages, size, align);
}

kernel_geometry calculate_kernel_geometry(size_t size, size_t align, unsigned flags) {
    kernel_geometry g{};
    g.align = narrow(kernel_alignment(size, align, flags));
    size = align_up(align_up(size, sizeof(void*)), g.align);
    g.buffer_size = narrow(size);
    g.off_slab = size >= kOffSlabFrom;
    for (unsigned order = 0; order <= kMaxOrder; order++) {
        size_t bytes = kPageSize << order;
        estimate e = g.off_slab ? estimate_off_slab(bytes, size) : estimate_on_slab(bytes, size, g.align);
        if (e.num == 0) continue;
        // The descriptor of an off-slab slab must be smaller than an object of this cache.
        if (g.off_slab && e.num > (size - kDescriptorBytes) / kBufctlBytes) break;
        g.order = order;
        g.num = narrow(e.num);
        g.left_over = narrow(e.left_over);
        if ((flags & kReclaimAccount) != 0 || order >= kBreakOrder || e.left_over * 8 <= bytes) break;
    }
    size_t raw = g.num * kBufctlBytes + kDescriptorBytes;
    size_t aligned = align_up(raw, g.align);
    if (g.off_slab && g.left_over >= aligned) {  // there is room on the slab after all
        g.off_slab = false;
        g.left_over -= narrow(aligned);
    }
    g.slab_size = narrow(g.off_slab ? raw : aligned);
    g.colour_off = g.align > kCacheLine ? g.align : narrow(kCacheLine);
    g.colour = g.left_over / g.colour_off;
    return g;
}

slab_layout to_layout(const kernel_geometry& g) {
    return {1u << g.order, g.num, g.off_slab ? 0 : g.slab_size, g.colour, g.colour_off};
}

}  // namespace kslab
