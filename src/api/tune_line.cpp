#include "api/tune_line.h"

namespace kslab {

namespace {

constexpr long kLargest = 0x7fffffff;

bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

struct reader {
    const char* at;
    const char* end;

    void skip_blanks() {
        while (at < end && blank(*at)) at++;
    }
    size_t word_length() const {
        size_t n = 0;
        while (at + n < end && !blank(at[n])) n++;
        return n;
    }
    // A decimal number that ends at a blank or with the text; what is beyond kLargest counts as that.
    bool number(long& n) {
        skip_blanks();
        size_t length = word_length();
        bool negative = length > 0 && *at == '-';
        size_t first = length > 1 && (*at == '-' || *at == '+') ? 1 : 0;
        if (first == length) return false;
        n = 0;
        for (size_t i = first; i < length; i++) {
            if (at[i] < '0' || at[i] > '9') return false;
            n = n * 10 + (at[i] - '0');
            if (n > kLargest) n = kLargest;
        }
        if (negative) n = -n;
        at += length;
        return true;
    }
};

}  // namespace

const char* tune_line_read(const char* text, size_t length, tune_line& into) {
    if (length > kTuneLineBytes) return "a line has at most 128 bytes";
    reader in{text, text + length};
    in.skip_blanks();
    into.name = in.at;
    into.name_length = in.word_length();
    in.at += into.name_length;
    long limit, batchcount, shared;
    if (!in.number(limit) || !in.number(batchcount) || !in.number(shared))
        return "expected name limit batchcount shared, the last three numbers";
    in.skip_blanks();
    if (in.at != in.end) return "something follows the three numbers";
    if (limit < 1) return "the limit is less than 1";
    if (batchcount < 1) return "the batchcount is less than 1";
    if (batchcount > limit) return "the batchcount is more than the limit";
    if (shared < 0) return "shared is less than 0";
    into.limit = static_cast<unsigned>(limit);
    into.batchcount = static_cast<unsigned>(batchcount);
    into.shared = static_cast<unsigned>(shared);
    return nullptr;
}

}  // namespace kslab
