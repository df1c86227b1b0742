#include "tools/command.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace tools {

void say(const std::string& text) { std::fprintf(stderr, "kslab: %s\n", text.c_str()); }

namespace {

// Letters to insert, delete or change.
size_t distance(const std::string& a, const std::string& b) {
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); j++) row[j] = j;
    for (size_t i = 1; i <= a.size(); i++) {
        size_t diagonal = row[0]++;
        for (size_t j = 1; j <= b.size(); j++) {
            size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
        }
    }
    return row[b.size()];
}

std::string suggestion(const std::vector<option>& options, const std::string& name) {
    const option* nearest = nullptr;
    size_t best = 4;
    for (const option& o : options) {
        size_t d = distance(o.name, name);
        if (d < best) {
            best = d;
            nearest = &o;
        }
    }
    return nearest == nullptr ? "" : "; did you mean " + nearest->name + "?";
}

std::string heading(const option& o) { return "  " + o.name + (o.argument.empty() ? "" : " " + o.argument); }

}  // namespace

words take_options(const std::string& command, const std::vector<option>& options, const words& arguments) {
    size_t at = 0;
    while (at < arguments.size() && arguments[at].size() > 1 && arguments[at][0] == '-') {
        std::string name = arguments[at++];
        if (name == "--") break;
        if (name == "-h") name = "--help";
        size_t equals = name.starts_with("--") ? name.find('=') : name.npos;
        bool attached = equals != name.npos;
        std::string value = attached ? name.substr(equals + 1) : "";
        name.resize(std::min(equals, name.size()));
        auto found = std::find_if(options.begin(), options.end(), [&](const option& o) { return o.name == name; });
        if (found == options.end())
            throw failure(kUsage, command + ": unknown option " + name + suggestion(options, name));
        if (found->argument.empty() && attached) throw failure(kUsage, command + ": " + name + " takes no value");
        if (!found->argument.empty() && !attached) {
            if (at == arguments.size()) throw failure(kUsage, command + ": " + name + " needs " + found->argument);
            value = arguments[at++];
        }
        found->take(value);
    }
    return words(arguments.begin() + static_cast<long>(at), arguments.end());
}

std::string options_help(const std::vector<option>& options) {
    size_t width = 0;
    for (const option& o : options) width = std::max(width, heading(o).size());
    std::string text;
    for (const option& o : options) {
        std::string line = heading(o);
        text += line + std::string(width + 2 - line.size(), ' ') + o.help + "\n";
    }
    return text;
}

long number_in(const std::string& name, const std::string& text, long least, long most) {
    long value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
        throw failure(kUsage, name + " wants a number from " + std::to_string(least) + " to " + std::to_string(most) +
                                  ", not " + (text.empty() ? "nothing" : text));
    return value;
}

}  // namespace tools
