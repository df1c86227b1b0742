// What is written to slabinfo, and what `kslab slabinfo` reads, from any bytes: against readers by other means.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <regex>
#include <string>

#include "api/tune_line.h"
#include "tools/json.h"
#include "tools/slabinfo_table.h"

namespace {

#define DEMAND(condition)                                                  \
    do {                                                                   \
        if (!(condition)) {                                                \
            fprintf(stderr, "not so: %s (line %d)\n", #condition, __LINE__); \
            abort();                                                       \
        }                                                                  \
    } while (0)

long saturated(const std::string& digits) {
    size_t first = digits.find_first_not_of("+-0");
    long n = first == digits.npos ? 0 : digits.size() - first > 10 ? 0x7fffffff : std::stol(digits.substr(first));
    n = n > 0x7fffffff ? 0x7fffffff : n;
    return digits[0] == '-' ? -n : n;
}

void fuzz_tuning(const std::string& text) {
    static const std::regex kForm("[ \\t\\n\\r]*([^ \\t\\n\\r]+)[ \\t\\n\\r]+([+-]?[0-9]+)[ \\t\\n\\r]+([+-]?[0-9]+)"
                                  "[ \\t\\n\\r]+([+-]?[0-9]+)[ \\t\\n\\r]*");
    kslab::tune_line line;
    const char* wrong = kslab::tune_line_read(text.data(), text.size(), line);
    std::smatch match;
    bool good = text.size() <= 128 && std::regex_match(text, match, kForm);
    long limit = 0, batchcount = 0, shared = 0;
    if (good) {
        limit = saturated(match[2]), batchcount = saturated(match[3]), shared = saturated(match[4]);
        good = limit >= 1 && batchcount >= 1 && batchcount <= limit && shared >= 0;
    }
    DEMAND((wrong == nullptr) == good);
    if (!good) return;
    DEMAND(std::string(line.name, line.name_length) == match[1]);
    DEMAND(line.limit == limit && line.batchcount == batchcount && line.shared == shared);
}

// What was read, printed as the kernel does, reads the same.
std::string printed(const tools::slab_table& table) {
    std::string text = "slabinfo - version: " + table.version + (table.statistics ? " (statistics)\n#\n" : "\n#\n");
    for (const tools::slab_row& r : table.rows) {
        text += r.name;
        for (uint64_t n : {r.active_objs, r.num_objs, r.objsize, r.objperslab, r.pagesperslab}) text += " " + std::to_string(n);
        text += " : tunables";
        for (uint64_t n : {r.limit, r.batchcount, r.shared}) text += " " + std::to_string(n);
        text += " : slabdata";
        for (uint64_t n : {r.active_slabs, r.num_slabs, r.sharedavail}) text += " " + std::to_string(n);
        if (table.statistics) {
            text += " : globalstat";
            for (uint64_t n : r.globalstat) text += " " + std::to_string(n);
            text += " : cpustat";
            for (uint64_t n : r.cpustat) text += " " + std::to_string(n);
        }
        text += "\n";
    }
    return text;
}

void fuzz_table(const std::string& text) {
    tools::slab_table table;
    std::string wrong = tools::parse_slabinfo(text, table);
    DEMAND(wrong.empty() || wrong.rfind("line ", 0) == 0);
    tools::slab_table again;
    if (wrong.empty()) {
        DEMAND(tools::parse_slabinfo(printed(table), again).empty());
        DEMAND(printed(again) == printed(table));
    }
    for (char key : std::string("abclvnopsu")) DEMAND(tools::sort_slab_rows(table.rows, key));
    for (const tools::slab_row& r : table.rows) DEMAND(r.percent_used() <= 100);
    std::string shown = tools::slab_text(table, 1000);
    DEMAND(static_cast<size_t>(std::count(shown.begin(), shown.end(), '\n')) == 7 + std::min<size_t>(table.rows.size(), 1000));
    tools::json whole;
    size_t end;
    std::string json = tools::slab_json(table);
    DEMAND(tools::parse_json(json, whole, end));
    DEMAND(whole.find("caches") != nullptr && whole.find("caches")->items.size() == table.rows.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
    if (data[0] % 3 == 0)
        fuzz_tuning(text);
    else
        fuzz_table(data[0] % 3 == 1 ? text : "slabinfo - version: 2.1\n" + text);
    return 0;
}
