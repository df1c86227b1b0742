// What a text of slabinfo says, kslab's or the kernel's, and tables of it.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tools {

struct slab_row {
    std::string name;
    uint64_t active_objs = 0, num_objs = 0, objsize = 0, objperslab = 0, pagesperslab = 0;
    uint64_t limit = 0, batchcount = 0, shared = 0;
    uint64_t active_slabs = 0, num_slabs = 0, sharedavail = 0;
    std::array<uint64_t, 9> globalstat{};
    std::array<uint64_t, 4> cpustat{};

    uint64_t percent_used() const;  // 0 to 100
    uint64_t cache_bytes() const;
};

struct slab_table {
    std::string version;
    bool statistics = false;
    std::vector<slab_row> rows;
};

// Empty, or which line is wrong and why; then `out` holds the rows before it. Numbers are decimal, of up to 64 bits.
std::string parse_slabinfo(std::string_view text, slab_table& out);

// Slabtop's keys: a active objects, b objects per slab, c cache size, l slabs, v active slabs, n name, o objects,
// p pages per slab, s object size, u use. The largest first, names in order; equal rows stay as they were. False: no such key.
bool sort_slab_rows(std::vector<slab_row>& rows, char key);

// As slabtop prints it: totals, column heads, at most `most` rows.
std::string slab_text(const slab_table& table, size_t most);
std::string slab_json(const slab_table& table);

}  // namespace tools
