#include "config/debug_switches.h"

#include "base/check.h"
#include "config/excerpt.h"
#include "config/options.h"

namespace kslab {

namespace {

constexpr char kLetters[] = "FZPUTAOGQL";
constexpr uint32_t kFlagOfLetter[] = {kDebugChecks, kDebugRedzone,   kDebugPoison, kDebugTrack,      kDebugTrace,
                                      kDebugFail,   kDebugKeepOrder, kDebugGuard,  kDebugQuarantine, kDebugLeaks};
static_assert(sizeof kLetters - 1 == sizeof kFlagOfLetter / sizeof kFlagOfLetter[0], "a flag for each letter");

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// 0: no such letter.
uint32_t flag_of(char letter) {
    for (size_t i = 0; kLetters[i] != '\0'; i++)
        if (small(kLetters[i]) == small(letter)) return kFlagOfLetter[i];
    return 0;
}

bool preset_of(const char* letters, size_t length, uint32_t& flags) {
    struct preset {
        const char* name;
        uint32_t flags;
    };
    static constexpr preset kPresets[] = {{"0", 0}, {"off", 0}, {"none", 0}, {"1", kDebugHunt}, {"full", kDebugFull}};
    for (const preset& known : kPresets) {
        size_t same = 0;
        while (same < length && known.name[same] == small(letters[same])) same++;
        if (same != length || known.name[same] != '\0') continue;
        flags = known.flags;
        return true;
    }
    return false;
}

// Reads one block after the other from a copy of the value.
class parser {
public:
    explicit parser(debug_switches& into) : into_(into), text_(into.text) {}

    const char* parse() {
        while (text_[at_] != '\0') {
            if (text_[at_] == ';') {
                at_++;
                continue;
            }
            if (const char* wrong = parse_block()) return wrong;
        }
        return nullptr;
    }
    size_t at() const { return at_; }

private:
    bool at_end_of_block() const { return text_[at_] == '\0' || text_[at_] == ';'; }

    const char* parse_block() {
        if (into_.count == debug_switches::kBlocks) return "too many blocks, 16 at most";
        debug_switches::block block{};
        if (const char* wrong = parse_letters(block.flags)) return wrong;
        if (text_[at_] == ',') {
            size_t names = ++at_;
            if (const char* wrong = check_names()) return wrong;
            block.names = static_cast<uint16_t>(names);
            block.length = static_cast<uint16_t>(at_ - names);
        }
        into_.blocks[into_.count++] = block;
        return nullptr;
    }

    const char* parse_letters(uint32_t& flags) {
        size_t begin = at_;
        size_t length = 0;
        while (text_[begin + length] != '\0' && text_[begin + length] != ',' && text_[begin + length] != ';') length++;
        if (length == 0) {
            flags = kDebugDefault;
            return nullptr;
        }
        if (preset_of(text_ + begin, length, flags)) {
            at_ += length;
            return nullptr;
        }
        for (; at_ < begin + length; at_++) {
            uint32_t flag = flag_of(text_[at_]);
            if (flag == 0 && text_[at_] != '-') return "unknown letter; F Z P U T A O G Q L, or - for none, or 1, or full";
            flags = text_[at_] == '-' ? 0 : flags | flag;
        }
        return nullptr;
    }

    // Names up to the end of the block, none of them empty.
    const char* check_names() {
        for (;; at_++) {
            size_t begin = at_;
            while (!at_end_of_block() && text_[at_] != ',') {
                char next = text_[at_ + 1];
                if (text_[at_] == '*' && next != '\0' && next != ';' && next != ',') return "* belongs at the end of a name";
                at_++;
            }
            if (at_ == begin) return "a cache name is missing";
            if (at_end_of_block()) return nullptr;
        }
    }

    debug_switches& into_;
    const char* text_;
    size_t at_ = 0;
};

// O alone switches nothing on; in any block it counts for all of them.
void spread_keep_order(debug_switches& switches) {
    uint32_t all = 0;
    for (unsigned i = 0; i < switches.count; i++) all |= switches.blocks[i].flags & kDebugKeepOrder;
    for (unsigned i = 0; i < switches.count; i++) {
        uint32_t& flags = switches.blocks[i].flags;
        flags &= ~static_cast<uint32_t>(kDebugKeepOrder);
        if (flags != 0) flags |= all;
    }
}

void report_wrong(const char* value, const char* wrong, size_t at) {
    report_line out;
    put_excerpt(out->put("KSLAB_DEBUG="), value).put(" is ignored, debugging is off: ").put(wrong);
    out->put(" (character ").dec(at + 1);
    if (value[at] != '\0') put_excerpt(out->put(", '"), value + at, 1).put('\'');
    out->put(')');
}

}  // namespace

const char* debug_switches_parse(debug_switches& into, const char* value, size_t& at) {
    into = debug_switches{};
    at = 0;
    size_t length = string_length(value);
    if (length >= debug_switches::kTextBytes) {
        at = debug_switches::kTextBytes - 1;
        return "longer than 511 characters";
    }
    __builtin_memcpy(into.text, value, length);
    parser blocks(into);
    const char* wrong = blocks.parse();
    if (wrong != nullptr) {
        at = blocks.at();
        into = debug_switches{};
        return wrong;
    }
    spread_keep_order(into);
    return nullptr;
}

void debug_switches_read(debug_switches& into, const options& from, const char* program) {
    into = debug_switches{};
    const char* only = from.debug_exe.text;
    if (*only != '\0' && !matches_programs(only, program)) return;
    size_t at;
    if (const char* wrong = debug_switches_parse(into, from.debug.text, at)) report_wrong(from.debug.text, wrong, at);
    into.implied = inject_implied_flags(into, from.fail.text);
}

uint32_t inject_implied_flags(const debug_switches& switches, const char* fail) {
    bool some = *fail != '\0' && (debug_flags_any(switches) & kDebugFail) == 0;
    return some ? uint32_t{kDebugFail} : 0;
}

uint32_t debug_flags_for(const debug_switches& switches, const char* cache_name) {
    uint32_t rest = 0;
    for (unsigned i = 0; i < switches.count; i++) {
        const debug_switches::block& block = switches.blocks[i];
        if (block.names == 0)
            rest = block.flags;
        else if (matches_patterns(switches.text + block.names, block.length, cache_name))
            return block.flags | switches.implied;
    }
    return rest | switches.implied;
}

uint32_t debug_flags_any(const debug_switches& switches) {
    uint32_t named = 0;
    uint32_t rest = 0;
    for (unsigned i = 0; i < switches.count; i++) {
        if (switches.blocks[i].names == 0)
            rest = switches.blocks[i].flags;
        else
            named |= switches.blocks[i].flags;
    }
    return named | rest | switches.implied;
}

text& put_debug_letters(text& out, uint32_t flags) {
    for (size_t i = 0; kLetters[i] != '\0'; i++)
        if ((flags & kFlagOfLetter[i]) != 0) out.put(kLetters[i]);
    return out;
}

bool matches_programs(const char* patterns, const char* program) {
    auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (*patterns != '\0') {
        size_t length = 0;
        size_t begin = 0;
        for (; patterns[length] != '\0' && patterns[length] != ','; length++)
            if (patterns[length] == '/') begin = length + 1;
        size_t end = length;
        while (begin < end && is_blank(patterns[begin])) begin++;
        while (end > begin && is_blank(patterns[end - 1])) end--;
        if (matches_patterns(patterns + begin, end - begin, program)) return true;
        patterns += length + (patterns[length] == ',');
    }
    return false;
}

bool matches_patterns(const char* patterns, size_t length, const char* name) {
    size_t begin = 0;
    while (begin < length) {
        size_t end = begin;
        while (end < length && patterns[end] != ',') end++;
        bool star = end > begin && patterns[end - 1] == '*';
        size_t stem = end - begin - star;
        size_t same = 0;
        while (same < stem && name[same] != '\0' && patterns[begin + same] == name[same]) same++;
        if (same == stem && (star || (stem > 0 && name[same] == '\0'))) return true;
        begin = end + 1;
    }
    return false;
}

}  // namespace kslab
