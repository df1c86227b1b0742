#include "slab/slab.h"

#include "base/bits.h"
#include "base/pointer_pair.h"

namespace kslab {

namespace {

uint64_t bit(uint32_t index) { return uint64_t{1} << (index % 64); }

// Of a word of bufctl: as in a slab that was not yet used, or that was emptied in order.
bool in_one_piece(uint64_t bits) { return bits != 0 && (bits & (bits + (bits & -bits))) == 0; }
uint64_t bits_from(unsigned index) { return index == 64 ? 0 : ~uint64_t{0} << index; }

// `count` addresses, each `size` more than the one before: the first right below `end`.
void store_downwards(void** end, char* object, unsigned count, uint32_t size) {
    uintptr_t first = reinterpret_cast<uintptr_t>(object);
    pointer_pair next = {first + size, first};
    void** const last = end - count / 2 * 2;
    for (; end != last; next += uintptr_t{2} * size) store_pair(end -= 2, next);
    if (count % 2 != 0) end[-1] = reinterpret_cast<void*>(next[1]);
}

// Objects `from` to `to` (exclusive) touch page `page` of those counted from the page of s_mem.
struct object_range {
    uint32_t from;
    uint32_t to;
};

object_range objects_on_page(const slab* s, unsigned page, uint32_t size) {
    uint64_t colour = reinterpret_cast<uintptr_t>(s->s_mem) - first_page(s);
    uint64_t begin = uint64_t{page} * kPageSize;
    uint64_t end = begin + kPageSize;
    uint64_t from = begin <= colour ? 0 : (begin - colour) / size;
    uint64_t to = end <= colour ? 0 : (end - colour + size - 1) / size;
    if (from > s->num) from = s->num;
    if (to > s->num) to = s->num;
    return {static_cast<uint32_t>(from), static_cast<uint32_t>(to)};
}

bool all_free(const slab* s, object_range range) {
    for (uint32_t i = range.from; i < range.to;) {
        if (i % 64 == 0 && i + 64 <= range.to) {
            if (s->bufctl[i / 64] != ~uint64_t{0}) return false;
            i += 64;
            continue;
        }
        if ((s->bufctl[i / 64] & bit(i)) == 0) return false;
        i++;
    }
    return true;
}

// Objects that were handed out again make their pages resident.
void note_touched(slab* s, const void* object, uint32_t size) {
    uintptr_t offset = reinterpret_cast<uintptr_t>(object) - first_page(s);
    for (uintptr_t page = offset / kPageSize; page <= (offset + size - 1) / kPageSize; page++)
        s->purged &= ~(uint32_t{1} << page);
}

}  // namespace

void slab_init(slab* s, kmem_cache* cache, run* pages, char* s_mem, unsigned num) {
    s->cache = cache;
    s->pages = pages;
    s->s_mem = s_mem;
    s->num = static_cast<uint16_t>(num);
    s->inuse = 0;
    s->first_word = 0;
    s->where = slab_list::none;
    s->node = 0;
    s->purged = 0;
    for (size_t word = 0; word < bufctl_words(num); word++) s->bufctl[word] = ~uint64_t{0};
    if (num % 64 != 0) s->bufctl[num / 64] = bit(num) - 1;
}

unsigned slab_get_objs(slab* s, void** end, unsigned count, uint32_t size) {
    unsigned taken = 0;
    size_t words = bufctl_words(s->num);
    size_t word = s->first_word;
    for (; word < words && taken < count; word++) {
        uint64_t bits = s->bufctl[word];
        if (in_one_piece(bits)) {
            unsigned from = static_cast<unsigned>(__builtin_ctzl(bits));
            unsigned together = 64 - static_cast<unsigned>(__builtin_clzl(bits)) - from;
            if (together > count - taken) together = count - taken;
            char* object = static_cast<char*>(index_to_obj(s, static_cast<uint32_t>(word * 64 + from), size));
            store_downwards(end - taken, object, together, size);
            taken += together;
            bits &= bits_from(from + together);
        } else {
            while (bits != 0 && taken < count) {
                uint32_t index = static_cast<uint32_t>(word * 64 + static_cast<unsigned>(__builtin_ctzl(bits)));
                bits &= bits - 1;
                end[-static_cast<ptrdiff_t>(++taken)] = index_to_obj(s, index, size);
            }
        }
        s->bufctl[word] = bits;
        if (bits != 0) break;
    }
    s->first_word = static_cast<uint16_t>(word);
    s->inuse = static_cast<uint16_t>(s->inuse + taken);
    if (KSLAB_UNLIKELY(s->purged != 0))
        for (unsigned i = 1; i <= taken; i++) note_touched(s, end[-static_cast<ptrdiff_t>(i)], size);
    return taken;
}

// Neighbours tend to come together: the word of bufctl and the counts stay in registers.
unsigned slab_put_objs(slab* s, void* const* objects, unsigned count, uint32_t size, uint32_t reciprocal) {
    uint32_t at = kNoIndex;
    uint32_t lowest = s->first_word;
    uint64_t word = 0;
    unsigned put = 0;
    for (; put < count; put++) {
        uint32_t index = obj_to_index(s, objects[put], size, reciprocal);
        if (KSLAB_UNLIKELY(index == kNoIndex)) break;
        if (index / 64 != at) {
            if (at != kNoIndex) s->bufctl[at] = word;
            at = index / 64;
            word = s->bufctl[at];
        }
        if (KSLAB_UNLIKELY((word & bit(index)) != 0)) break;
        if (at < lowest) lowest = at;
        word |= bit(index);
    }
    if (at != kNoIndex) s->bufctl[at] = word;
    s->first_word = static_cast<uint16_t>(lowest);
    s->inuse = static_cast<uint16_t>(s->inuse - put);
    return put;
}

bool slab_put_range(slab* s, uint32_t from, unsigned count) {
    uint32_t end = from + count;
    uint32_t first_word = from / 64;
    uint32_t last_word = (end - 1) / 64;
    auto mask = [=](uint32_t word) {
        uint64_t all = word == first_word ? bits_from(from % 64) : ~uint64_t{0};
        return word == last_word ? all & ~bits_from(end - word * 64) : all;
    };
    for (uint32_t word = first_word; word <= last_word; word++)
        if (KSLAB_UNLIKELY((s->bufctl[word] & mask(word)) != 0)) return false;
    for (uint32_t word = first_word; word <= last_word; word++) s->bufctl[word] |= mask(word);
    if (first_word < s->first_word) s->first_word = static_cast<uint16_t>(first_word);
    s->inuse = static_cast<uint16_t>(s->inuse - count);
    return true;
}

bool slab_obj_free(const slab* s, uint32_t index) { return (s->bufctl[index / 64] & bit(index)) != 0; }

unsigned slab_count_free(const slab* s) {
    unsigned count = 0;
    for (size_t word = 0; word < bufctl_words(s->num); word++)
        count += bit_count(s->bufctl[word]);
    return count;
}

uint32_t slab_free_pages(const slab* s, uint32_t size) {
    uint64_t bytes = reinterpret_cast<uintptr_t>(s->s_mem) - first_page(s) + uint64_t{s->num} * size;
    unsigned pages = static_cast<unsigned>(pages_for(bytes));
    if (pages > kMaxSlabPages) return 0;  // one large object with redzones: never partial
    uint32_t mask = 0;
    for (unsigned page = 0; page < pages; page++)
        if ((s->purged >> page & 1) == 0 && all_free(s, objects_on_page(s, page, size))) mask |= 1u << page;
    return mask;
}

unsigned slab_hold_pages(slab* s, uint32_t mask, uint32_t size, bool hold) {
    unsigned changed = 0;
    for (unsigned page = 0; page < kMaxSlabPages; page++) {
        if ((mask >> page & 1) == 0) continue;
        object_range range = objects_on_page(s, page, size);
        for (uint32_t i = range.from; i < range.to; i++) {
            // An object that reaches into the next page is met twice.
            if (slab_obj_free(s, i) != hold) continue;
            s->bufctl[i / 64] ^= bit(i);
            changed++;
            if (!hold && i / 64 < s->first_word) s->first_word = static_cast<uint16_t>(i / 64);
        }
    }
    s->inuse = static_cast<uint16_t>(hold ? s->inuse + changed : s->inuse - changed);
    return changed;
}

}  // namespace kslab
