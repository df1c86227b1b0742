#include "tools/report_blocks.h"

#include <sstream>

#include "tools/frames.h"
#include "tools/json.h"

namespace tools {

namespace {

// One bug shows in two ways: at once on a guard page, late by what it left in a redzone or in poison. Titles of text,
// kinds of JSON (src/debug/report/finding.h); everything else is a defect of its own.
struct defect_name {
    const char* title;
    const char* kind;
    const char* defect;
    bool late;
};
constexpr defect_name kSeenTwice[] = {
    {"Right Redzone overwritten", "heap-overflow", "write past the end", true},
    {"Out-of-bounds write", "write-overflow", "write past the end", false},
    {"Left Redzone overwritten", "heap-underflow", "write before the start", true},
    {"Out-of-bounds write before start", "write-underflow", "write before the start", false},
    {"Poison overwritten", "write-after-free", "write after free", true},
    {"Use-after-free write", "write-after-free-fault", "write after free", false},
};

void name_defect(report_block& block, const std::string& name) {
    block.defect = name;
    for (const defect_name& d : kSeenTwice) {
        if (name != d.title && name != d.kind) continue;
        block.defect = d.defect;
        block.late = d.late;
    }
}

// ---- Text: a rule of = opens a report, an empty line ends it.

bool is_rule(const std::string& line) { return line.size() > 20 && line.find_first_not_of('=') == line.npos; }

// "BUG kmalloc-64 (demo, pid 4711): Right Redzone overwritten"
std::string title_of(const std::string& line) {
    size_t end = line.find("): ");
    return end == line.npos ? line : line.substr(end + 3);
}

class text_reader {
public:
    void take(const std::string& line) {
        if (is_rule(line)) {
            finish();
            open_ = true;
        }
        if (!open_) return take_other(line);
        block_.text += line + "\n";
        if (line.starts_with("BUG ")) name_defect(block_, title_of(line));
        if (line.starts_with("allocated")) stack_ = &block_.allocation;
        if (line.starts_with("freed")) stack_ = nullptr;
        if (auto frame = parse_text_frame(line); frame && stack_ != nullptr) *stack_ += frame->place.short_name() + "\n";
        if (line.empty()) finish();
    }
    std::vector<report_block> finished() {
        finish();
        return std::move(blocks_);
    }

private:
    void take_other(const std::string& line) {
        in_summary_ = line.starts_with("SUMMARY ") || (in_summary_ && !line.empty());
        if (!in_summary_ && !line.empty()) blocks_.push_back({line + "\n", "", "", "", false});
    }
    void finish() {
        if (open_) blocks_.push_back(std::move(block_));
        block_ = report_block{};
        stack_ = &block_.access;
        open_ = false;
        in_summary_ = false;
    }

    std::vector<report_block> blocks_;
    report_block block_;
    std::string* stack_ = &block_.access;
    bool open_ = false;
    bool in_summary_ = false;
};

// ---- JSON: a line is a finding.

std::string frames_of(const json* owner) {
    const json* stack = owner == nullptr ? nullptr : owner->find("stack");
    std::string text;
    if (stack == nullptr) return text;
    for (const json& frame : stack->items)
        text += base_name(frame.text_of("module")) + "+" + frame.text_of("offset") + "\n";
    return text;
}

void take_json(const std::string& line, std::vector<report_block>& blocks) {
    json value;
    size_t end;
    report_block block;
    block.text = line + "\n";
    if (line.starts_with('{') && parse_json(line, value, end)) {
        if (value.find("summary") != nullptr) return;
        name_defect(block, value.text_of("kind"));
        block.access = frames_of(&value);
        block.allocation = frames_of(value.find("allocated"));
    }
    blocks.push_back(std::move(block));
}

}  // namespace

std::vector<report_block> read_reports(const std::string& log, report_form form) {
    std::istringstream in(log);
    std::string line;
    if (form == report_form::json) {
        std::vector<report_block> blocks;
        while (std::getline(in, line))
            if (!line.empty()) take_json(line, blocks);
        return blocks;
    }
    text_reader reader;
    while (std::getline(in, line)) reader.take(line);
    return reader.finished();
}

bool same_finding(const report_block& a, const report_block& b) {
    if (a.defect != b.defect || a.allocation != b.allocation) return false;
    if (a.defect.empty()) return a.text == b.text;
    return a.late || b.late || a.access == b.access;
}

}  // namespace tools
