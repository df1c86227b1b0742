#include "tools/slabinfo_table.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "tools/json.h"

namespace tools {

namespace {

constexpr uint64_t kPage = 4096;
constexpr std::string_view kHead = "slabinfo - version: ";

uint64_t times(uint64_t a, uint64_t b) {
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? ~uint64_t{0} : product;
}

uint64_t plus(uint64_t a, uint64_t b) { return a + b < a ? ~uint64_t{0} : a + b; }

// The words of one line.
class line_reader {
public:
    explicit line_reader(std::string_view line) : rest_(line) {}

    std::string_view word() {
        size_t first = rest_.find_first_not_of(" \t");
        if (first == rest_.npos) return rest_ = {};
        rest_.remove_prefix(first);
        std::string_view found = rest_.substr(0, rest_.find_first_of(" \t"));
        rest_.remove_prefix(found.size());
        return found;
    }
    bool number(uint64_t& n) {
        std::string_view digits = word();
        auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
        return !digits.empty() && error == std::errc() && end == digits.data() + digits.size();
    }
    bool numbers(std::initializer_list<uint64_t*> into) {
        return std::all_of(into.begin(), into.end(), [this](uint64_t* n) { return number(*n); });
    }
    template <size_t N>
    bool numbers(std::array<uint64_t, N>& into) {
        return std::all_of(into.begin(), into.end(), [this](uint64_t& n) { return number(n); });
    }
    bool title(std::string_view name) { return word() == ":" && word() == name; }
    bool at_end() { return word().empty(); }

private:
    std::string_view rest_;
};

// Null, or what is missing.
const char* parse_row(std::string_view line, bool statistics, slab_row& row) {
    line_reader in(line);
    row.name = in.word();
    if (!in.numbers({&row.active_objs, &row.num_objs, &row.objsize, &row.objperslab, &row.pagesperslab}))
        return "five numbers behind the name";
    if (!in.title("tunables") || !in.numbers({&row.limit, &row.batchcount, &row.shared})) return ": tunables and three numbers";
    if (!in.title("slabdata") || !in.numbers({&row.active_slabs, &row.num_slabs, &row.sharedavail}))
        return ": slabdata and three numbers";
    if (statistics && (!in.title("globalstat") || !in.numbers(row.globalstat))) return ": globalstat and nine numbers";
    if (statistics && (!in.title("cpustat") || !in.numbers(row.cpustat))) return ": cpustat and four numbers";
    return in.at_end() ? nullptr : "the end of the line";
}

std::string wrong(size_t line, const std::string& expected) {
    return "line " + std::to_string(line) + " is not of slabinfo: expected " + expected;
}

std::string_view take_line(std::string_view& text) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

}  // namespace

uint64_t slab_row::percent_used() const {
    if (num_objs == 0) return 0;
    if (active_objs >= num_objs) return 100;
    return static_cast<uint64_t>(static_cast<__uint128_t>(active_objs) * 100 / num_objs);
}

// As slabtop computes it, where all slabs hold so many; kslab's first slabs are smaller than the figures of one say, which are
// those of the largest: then what the objects need.
uint64_t slab_row::cache_bytes() const {
    uint64_t most = times(times(num_slabs, pagesperslab), kPage);
    if (num_objs >= times(num_slabs, objperslab)) return most;
    return std::min(most, times(times(num_objs, objsize) / kPage + 1, kPage));
}

std::string parse_slabinfo(std::string_view text, slab_table& out) {
    out = {};
    std::string_view head = take_line(text);
    if (!head.starts_with(kHead)) return wrong(1, "\"slabinfo - version: 2.1\"");
    line_reader words(head.substr(kHead.size()));
    out.version = words.word();
    if (!out.version.starts_with("2.")) return wrong(1, "version 2.1");
    out.statistics = words.word() == "(statistics)";
    for (size_t number = 2; !text.empty(); number++) {
        std::string_view line = take_line(text);
        std::string_view first = line_reader(line).word();
        if (first.empty() || first.front() == '#') continue;  // the heads of the columns are a comment
        slab_row row;
        if (const char* missing = parse_row(line, out.statistics, row)) return wrong(number, missing);
        out.rows.push_back(std::move(row));
    }
    return "";
}

bool sort_slab_rows(std::vector<slab_row>& rows, char key) {
    auto by = [&rows](auto value) {
        std::stable_sort(rows.begin(), rows.end(),
                         [&](const slab_row& a, const slab_row& b) { return value(a) > value(b); });
        return true;
    };
    switch (key) {
        case 'a': return by([](const slab_row& r) { return r.active_objs; });
        case 'b': return by([](const slab_row& r) { return r.objperslab; });
        case 'c': return by([](const slab_row& r) { return r.cache_bytes(); });
        case 'l': return by([](const slab_row& r) { return r.num_slabs; });
        case 'v': return by([](const slab_row& r) { return r.active_slabs; });
        case 'o': return by([](const slab_row& r) { return r.num_objs; });
        case 'p': return by([](const slab_row& r) { return r.pagesperslab; });
        case 's': return by([](const slab_row& r) { return r.objsize; });
        case 'u': return by([](const slab_row& r) { return r.percent_used(); });
        case 'n':
            std::stable_sort(rows.begin(), rows.end(), [](const slab_row& a, const slab_row& b) { return a.name < b.name; });
            return true;
        default: return false;
    }
}

namespace {

template <typename... T>
std::string formatted(const char* format, T... values) {
    char line[512];
    int length = std::snprintf(line, sizeof line, format, values...);
    return std::string(line, std::min(static_cast<size_t>(std::max(length, 0)), sizeof line - 1));
}

double share(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

double kib(uint64_t bytes) { return static_cast<double>(bytes) / 1024; }

unsigned long long wide(uint64_t n) { return n; }

struct totals {
    uint64_t active = 0, objects = 0, active_slabs = 0, slabs = 0, active_caches = 0, active_bytes = 0, bytes = 0;
    uint64_t least = ~uint64_t{0}, most = 0;

    explicit totals(const std::vector<slab_row>& rows) {
        for (const slab_row& r : rows) {
            active = plus(active, r.active_objs);
            objects = plus(objects, r.num_objs);
            active_slabs = plus(active_slabs, r.active_slabs);
            slabs = plus(slabs, r.num_slabs);
            active_caches += r.num_objs != 0;
            active_bytes = plus(active_bytes, times(r.active_objs, r.objsize));
            bytes = plus(bytes, times(r.num_objs, r.objsize));
            least = std::min(least, r.objsize);
            most = std::max(most, r.objsize);
        }
        if (rows.empty()) least = 0;
    }
};

std::string totals_text(const totals& t, size_t caches) {
    std::string text;
    text += formatted(" Active / Total Objects (%% used)    : %llu / %llu (%.1f%%)\n", wide(t.active), wide(t.objects),
                      share(t.active, t.objects));
    text += formatted(" Active / Total Slabs (%% used)      : %llu / %llu (%.1f%%)\n", wide(t.active_slabs), wide(t.slabs),
                      share(t.active_slabs, t.slabs));
    text += formatted(" Active / Total Caches (%% used)     : %llu / %zu (%.1f%%)\n", wide(t.active_caches), caches,
                      share(t.active_caches, caches));
    text += formatted(" Active / Total Size (%% used)       : %.2fK / %.2fK (%.1f%%)\n", kib(t.active_bytes), kib(t.bytes),
                      share(t.active_bytes, t.bytes));
    text += formatted(" Minimum / Average / Maximum Object : %.2fK / %.2fK / %.2fK\n\n", kib(t.least),
                      t.objects == 0 ? 0 : kib(t.bytes / t.objects), kib(t.most));
    return text;
}

}  // namespace

std::string slab_text(const slab_table& table, size_t most) {
    std::string text = totals_text(totals(table.rows), table.rows.size());
    text += "  OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME\n";
    for (size_t i = 0; i < table.rows.size() && i < most; i++) {
        const slab_row& r = table.rows[i];
        text += formatted("%6llu %6llu %3llu%% %7.2fK %6llu %8llu %9lluK ", wide(r.num_objs), wide(r.active_objs),
                          wide(r.percent_used()), kib(r.objsize), wide(r.num_slabs), wide(r.objperslab),
                          wide(r.cache_bytes() / 1024));
        text += r.name + "\n";
    }
    return text;
}

namespace {

json number(uint64_t n) {
    json value = json::number(0);
    value.text = std::to_string(n);
    return value;
}

template <size_t N>
json members(const std::array<const char*, N>& names, const std::array<uint64_t, N>& values) {
    json object = json::object();
    for (size_t i = 0; i < N; i++) object.set(names[i], number(values[i]));
    return object;
}

json row_json(const slab_row& r, bool statistics) {
    json object = json::object();
    object.set("name", r.name);
    object.set("active_objs", number(r.active_objs)).set("num_objs", number(r.num_objs)).set("objsize", number(r.objsize));
    object.set("objperslab", number(r.objperslab)).set("pagesperslab", number(r.pagesperslab));
    object.set("limit", number(r.limit)).set("batchcount", number(r.batchcount)).set("sharedfactor", number(r.shared));
    object.set("active_slabs", number(r.active_slabs)).set("num_slabs", number(r.num_slabs));
    object.set("sharedavail", number(r.sharedavail));
    if (!statistics) return object;
    static constexpr std::array<const char*, 9> kGlobal = {"listallocs",  "maxobjs",    "grown",       "reaped",       "error",
                                                           "maxfreeable", "nodeallocs", "remotefrees", "alienoverflow"};
    static constexpr std::array<const char*, 4> kCpu = {"allochit", "allocmiss", "freehit", "freemiss"};
    object.set("globalstat", members(kGlobal, r.globalstat)).set("cpustat", members(kCpu, r.cpustat));
    return object;
}

}  // namespace

std::string slab_json(const slab_table& table) {
    json rows = json::array();
    for (const slab_row& r : table.rows) rows.add(row_json(r, table.statistics));
    json whole = json::object();
    whole.set("version", table.version).set("statistics", json::boolean(table.statistics)).set("caches", std::move(rows));
    return write_json(whole, 0) + "\n";
}

}  // namespace tools
