// kslab slabinfo: a table of caches as slabtop has it, of a file or of a running program. kslab tune: writing to the slabinfo of
// a running program.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <sstream>

#include "tools/live_process.h"
#include "tools/scratch.h"
#include "tools/slabinfo_table.h"

namespace tools {

namespace {

struct slabinfo_settings {
    bool json = false, top = false, help = false;
    char key = 'o';
    unsigned delay = 3;
};

void take_key(slabinfo_settings& s, const std::string& text) {
    std::vector<slab_row> none;
    if (text.size() != 1 || !sort_slab_rows(none, text[0]))
        throw failure(kUsage, "slabinfo: --sort wants one of a, b, c, l, v, n, o, p, s, u, not " + text);
    s.key = text[0];
}

std::vector<option> slabinfo_options(slabinfo_settings& s) {
    return {
        {"--json", "", "all columns as JSON", [&](const std::string&) { s.json = true; }},
        {"--sort", "KEY", "as slabtop: a active, b objects per slab, c cache size, l slabs, v active slabs, n name, o objects "
                          "(default), p pages per slab, s object size, u use",
         [&](const std::string& v) { take_key(s, v); }},
        {"--top", "", "again and again, as many rows as the screen has", [&](const std::string&) { s.top = true; }},
        {"--delay", "SECONDS", "between two tables of --top; 3 by default",
         [&](const std::string& v) { s.delay = static_cast<unsigned>(number_in("--delay", v, 1, 86400)); }},
        {"--help", "", "this text", [&](const std::string&) { s.help = true; }},
    };
}

bool is_number(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string read_input(const std::string& from) {
    if (from.empty() || from == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
    if (is_number(from) && !std::filesystem::exists(from)) return live_process("slabinfo", from).slabinfo();
    if (std::filesystem::is_directory(from) || access(from.c_str(), R_OK) != 0)
        throw failure(kUsage, "slabinfo: cannot read " + from);
    return read_file(from);
}

slab_table read_table(const std::string& from) {
    slab_table table;
    std::string wrong = parse_slabinfo(read_input(from), table);
    if (!wrong.empty()) throw failure(kUsage, "slabinfo: " + (from.empty() ? "standard input" : from) + ": " + wrong);
    return table;
}

void print(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
        throw failure(kUsage, "slabinfo: cannot write");
}

// The totals and heads take this many.
constexpr size_t kLinesAbove = 8;

size_t rows_of_screen() {
    winsize screen{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &screen) != 0 || screen.ws_row == 0) return 16;
    return screen.ws_row > kLinesAbove ? screen.ws_row - kLinesAbove : 1;
}

[[noreturn]] void show_again_and_again(const slabinfo_settings& s, const std::string& from) {
    if (from.empty() || from == "-") throw failure(kUsage, "slabinfo: --top wants a file or a process");
    for (;;) {
        slab_table table = read_table(from);
        sort_slab_rows(table.rows, s.key);
        print((isatty(STDOUT_FILENO) ? "\033[H\033[2J" : "") + slab_text(table, rows_of_screen()));
        sleep(s.delay);
    }
}

// Options before and behind the one other word.
words take_all_options(const std::vector<option>& options, const words& arguments) {
    words rest = take_options("slabinfo", options, arguments);
    if (rest.size() < 2) return rest;
    words behind = take_options("slabinfo", options, words(rest.begin() + 1, rest.end()));
    if (!behind.empty()) throw failure(kUsage, "slabinfo: one file or process at a time");
    rest.resize(1);
    return rest;
}

}  // namespace

int slabinfo_command(const words& arguments) {
    slabinfo_settings settings;
    std::vector<option> options = slabinfo_options(settings);
    words rest = take_all_options(options, arguments);
    if (settings.help) {
        std::printf("usage: kslab slabinfo [OPTIONS] [FILE|PID]\n\nPrints a text of slabinfo, of a file, of standard input or of "
                    "a program that runs\nwith KSLAB_SLABINFO and KSLAB_SLABINFO_SIGNAL, as a table.\n\n%s\n"
                    "exit status: 0, 1 the process cannot be asked, 2 a wrong command line, or no slabinfo\n",
                    options_help(options).c_str());
        return kSuccess;
    }
    std::string from = rest.empty() ? "" : rest[0];
    if (settings.top) show_again_and_again(settings, from);
    slab_table table = read_table(from);
    sort_slab_rows(table.rows, settings.key);
    print(settings.json ? slab_json(table) : slab_text(table, table.rows.size()));
    return kSuccess;
}

namespace {

const slab_row* row_of(const slab_table& table, const std::string& name) {
    for (const slab_row& r : table.rows)
        if (r.name == name) return &r;
    return nullptr;
}

std::string tunables(const slab_row& r) {
    return r.name + " " + std::to_string(r.limit) + " " + std::to_string(r.batchcount) + " " + std::to_string(r.shared);
}

}  // namespace

int tune_command(const words& arguments) {
    bool help = false;
    std::vector<option> options = {{"--help", "", "this text", [&](const std::string&) { help = true; }}};
    words rest = take_options("tune", options, arguments);
    if (help) {
        std::printf("usage: kslab tune PID CACHE LIMIT BATCHCOUNT SHARED\n\nTunes a cache of a program that runs with "
                    "KSLAB_SLABINFO and KSLAB_SLABINFO_SIGNAL,\nas writing to /proc/slabinfo does.\n\n%s\n"
                    "exit status: 0, 1 the process cannot be asked or refused, 2 a wrong command line\n",
                    options_help(options).c_str());
        return kSuccess;
    }
    // The four words may be one, as they are written to slabinfo.
    std::string line;
    size_t count = 0;
    for (size_t i = 1; i < rest.size(); i++) {
        std::istringstream text(rest[i]);
        for (std::string word; text >> word; count++) line += (count > 0 ? " " : "") + word;
    }
    if (count != 4) throw failure(kUsage, "tune: expected PID CACHE LIMIT BATCHCOUNT SHARED (try kslab tune --help)");
    live_process process("tune", rest[0]);
    slab_table table;
    std::string wrong = parse_slabinfo(process.slabinfo(line + "\n"), table);
    if (!wrong.empty()) throw failure(kUsage, "tune: " + wrong);
    const slab_row* row = row_of(table, line.substr(0, line.find(' ')));
    if (row == nullptr || tunables(*row) != line)
        throw failure(kFound, "tune: refused; the program's standard error says why" +
                                  (row == nullptr ? "" : ", and it has " + tunables(*row)));
    std::puts(line.c_str());
    return kSuccess;
}

}  // namespace tools
