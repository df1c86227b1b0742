// Reports as the library writes them, cut into findings that can be compared.
#pragma once
#include <string>
#include <vector>

namespace tools {

enum class report_form { text, json };

// One finding: its report to the letter, and what it is about.
struct report_block {
    std::string text;
    std::string defect;      // empty: no finding, but another line of the library
    std::string allocation;  // stacks, a frame a line, as module and offset
    std::string access;
    bool late = false;       // found by its traces: the stack is that of the check, not of the bug

    bool is_leak() const { return defect.find("leak") != defect.npos; }
};

// Summaries are left out.
std::vector<report_block> read_reports(const std::string& log, report_form form);

// Whether both tell of one bug: the same defect and allocation stack, and the same access unless one was found late.
bool same_finding(const report_block& a, const report_block& b);

}  // namespace tools
