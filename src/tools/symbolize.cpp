#include "tools/symbolize.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tools/command.h"
#include "tools/json.h"
#include "tools/sarif.h"

namespace tools {

namespace {

constexpr size_t kFunctionColumn = 20, kPlaceColumn = 13;
constexpr size_t kWidestFunction = 40, kWidestPlace = 30;

void put_padded(std::ostream& out, const std::string& text, size_t width) {
    out << text << std::string(text.size() < width ? width - text.size() : 0, ' ') << ' ';
}

json frame_json(const source_frame& frame) {
    json value = json::object();
    value.set("function", frame.function);
    if (!frame.file.empty()) value.set("file", frame.file).set("line", json::number(frame.line));
    return value;
}

// The members that a resolved frame gets: its innermost function, then those that it was inlined into.
std::string json_members(const source_frames& frames) {
    json value = frame_json(frames[0]);
    if (frames.size() > 1) {
        json outer = json::array();
        for (size_t i = 1; i < frames.size(); i++) outer.add(frame_json(frames[i]));
        value.set("inlined", outer);
    }
    std::string text = write_json(value);
    return "," + text.substr(1, text.size() - 2);
}

}  // namespace

std::string symbolizer::place_text(const source_frame& frame) const {
    if (frame.file.empty()) return "";
    std::string file = paths_ == path_form::full ? frame.file : base_name(frame.file);
    return frame.line == 0 ? file : file + ":" + std::to_string(frame.line);
}

void symbolizer::hold(const std::string& line, const text_frame& frame) {
    source_frames frames = resolver_.resolve(frame.place);
    if (frames.empty()) {
        std::string rest = line.substr(frame.start.size());
        // The build-id stays: it may find the function elsewhere.
        size_t plus = rest.rfind("+0x");
        size_t name = frame.place.module.rfind('/');
        if (rest.starts_with("?? (/") && name != std::string::npos && plus != std::string::npos)
            rest = "?? (" + base_name(frame.place.module) + rest.substr(plus);
        held_.push_back({frame.start + rest, "", "", ""});
        return;
    }
    std::string end = "(" + frame.place.short_name() + ")";
    for (size_t i = 0; i < frames.size(); i++) {
        bool inlined = i + 1 < frames.size();
        std::string function = frames[i].function.empty() ? "??" : frames[i].function;
        held_.push_back({frame.start, function, place_text(frames[i]), inlined ? end + " (inlined)" : end});
    }
}

void symbolizer::release(std::ostream& out) {
    size_t function = kFunctionColumn, place = kPlaceColumn;
    for (const held_line& l : held_) {
        if (l.function.size() <= kWidestFunction) function = std::max(function, l.function.size());
        if (l.place.size() <= kWidestPlace) place = std::max(place, l.place.size());
    }
    for (const held_line& l : held_) {
        out << l.start;
        if (!l.function.empty()) {
            put_padded(out, l.function, function);
            put_padded(out, l.place, place);
        }
        out << l.end << '\n';
    }
    held_.clear();
}

std::string symbolizer::json_line(const std::string& line) {
    std::string out;
    size_t copied = 0;
    for (size_t at = line.find("{\"module\":"); at != line.npos; at = line.find("{\"module\":", at + 1)) {
        size_t end = 0;
        auto place = parse_json_frame(line, at, end);
        if (!place) continue;
        source_frames frames = resolver_.resolve(*place);
        if (frames.empty()) continue;
        out.append(line, copied, end - copied);
        out += json_members(frames);
        copied = end;
    }
    return out.append(line, copied);
}

void symbolizer::filter(std::istream& in, std::ostream& out) {
    std::string line;
    while (std::getline(in, line)) {
        auto frame = parse_text_frame(line);
        if (frame && !in.eof() && resolver::available()) {
            hold(line, *frame);
            continue;
        }
        release(out);
        out << (line.starts_with('{') ? json_line(line) : line);
        // A last line without an end keeps being one.
        if (!in.eof()) out << '\n';
        if (in.rdbuf()->in_avail() <= 0) out.flush();
    }
    release(out);
    out.flush();
}

std::string symbolizer::filter(const std::string& reports) {
    std::istringstream in(reports);
    std::ostringstream out;
    filter(in, out);
    return out.str();
}

namespace {

struct symbolize_settings {
    path_form paths = path_form::base;
    bool sarif = false;
    bool quick = false;
    bool help = false;
    words directories;
};

std::vector<option> symbolize_options(symbolize_settings& s) {
    return {
        {"--full-paths", "", "whole source paths in text", [&](const std::string&) { s.paths = path_form::full; }},
        {"--sarif", "", "make a SARIF 2.1.0 log of JSON lines", [&](const std::string&) { s.sarif = true; }},
        {"--search", "DIR", "look there too for programs and libraries, by name and build-id",
         [&](const std::string& v) { s.directories.push_back(v); }},
        {"--quick", "", "no lines for the C library, whose debug data take long to read",
         [&](const std::string&) { s.quick = true; }},
        {"--help", "", "this text", [&](const std::string&) { s.help = true; }},
    };
}

// Calls with each file, or with standard input when there is none.
template <typename Function>
void for_each_input(const words& files, Function function) {
    if (files.empty()) return function(std::cin);
    for (const std::string& file : files) {
        if (file == "-") {
            function(std::cin);
            continue;
        }
        std::ifstream in(file, std::ios::binary);
        if (!in || std::filesystem::is_directory(file)) throw failure(kUsage, "symbolize: cannot read " + file);
        function(in);
    }
}

}  // namespace

int symbolize_command(const words& arguments) {
    symbolize_settings settings;
    std::vector<option> options = symbolize_options(settings);
    words files = take_options("symbolize", options, arguments);
    if (settings.help) {
        std::cout << "usage: kslab symbolize [OPTIONS] [FILE...]\n\nCopies reports of kslab, text or JSON lines, from the "
                     "files or standard input\nto standard output, with function names and source lines.\n\n"
                  << options_help(options) << "\nexit status: 0, 2 a wrong command line, or a file cannot be read or written\n";
        return kSuccess;
    }
    std::ios::sync_with_stdio(false);
    if (!resolver::available()) say("symbolize: built without libdw (libdw-dev): frames stay as they are");
    for (const std::string& directory : settings.directories)
        if (!std::filesystem::is_directory(directory)) throw failure(kUsage, "symbolize: --search: no directory " + directory);
    resolver resolve;
    resolve.directories = settings.directories;
    resolve.skip_libc_lines = settings.quick;
    symbolizer filter(resolve, settings.paths);
    if (settings.sarif) {
        sarif_log log;
        size_t reports = 0, other = 0;
        for_each_input(files, [&](std::istream& in) {
            for (std::string line; std::getline(in, line);)
                if (line.find_first_not_of(" \t\r") != line.npos) (log.add(filter.json_line(line)) ? reports : other)++;
        });
        // An empty log would say that nothing was found.
        if (other != 0 && reports == 0)
            throw failure(kUsage, "symbolize: --sarif wants reports as JSON lines (kslab debug --json), and there are none");
        if (other != 0)
            say("symbolize: --sarif leaves out " + std::to_string(other) + (other == 1 ? " line that is" : " lines that are") +
                " no report as JSON");
        std::cout << log.text();
    } else {
        for_each_input(files, [&](std::istream& in) { filter.filter(in, std::cout); });
    }
    std::cout.flush();
    if (!std::cout) throw failure(kUsage, "symbolize: cannot write");
    return kSuccess;
}

}  // namespace tools
