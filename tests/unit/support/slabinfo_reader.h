// Readers of slabinfo as the tools of the kernel's world read it, written without a look at the printer.
#pragma once
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace test {

struct slabinfo_row {
    long active_objs, num_objs, objsize, objperslab, pagesperslab;
    long limit, batchcount, sharedfactor;
    long active_slabs, num_slabs, sharedavail;
    std::vector<std::string> fields;  // as awk splits the line
};

struct slabinfo_text {
    std::string wrong;  // empty: every line could be read
    std::vector<std::string> head;
    std::vector<std::string> names;  // in order
    std::map<std::string, slabinfo_row> rows;

    explicit slabinfo_text(const std::string& text) {
        std::istringstream in(text);
        for (std::string line; std::getline(in, line);) take(line);
        if (text.empty() || text.back() != '\n') wrong = "the last line has no end";
        if (head.size() != 2) wrong = "no two lines of head";
    }

private:
    // slabtop: two lines are skipped, then one scanf for each.
    void take(const std::string& line) {
        if (head.size() < 2) return head.push_back(line);
        char name[128];
        slabinfo_row r{};
        int n = sscanf(line.c_str(), "%127s %ld %ld %ld %ld %ld : tunables %ld %ld %ld : slabdata %ld %ld %ld", name, &r.active_objs,
                       &r.num_objs, &r.objsize, &r.objperslab, &r.pagesperslab, &r.limit, &r.batchcount, &r.sharedfactor,
                       &r.active_slabs, &r.num_slabs, &r.sharedavail);
        if (n != 12) wrong = line;
        std::istringstream words(line);
        for (std::string word; words >> word;) r.fields.push_back(word);
        names.push_back(name);
        rows.emplace(name, r);
    }
};

}  // namespace test
