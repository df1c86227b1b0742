// Files are opened one by one, as they lie on the disk; separate debug files are found by build-id and by
// .gnu_debuglink below /usr/lib/debug. Nothing is ever fetched from the network.
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tools/dwarf_frames.h"
#include "tools/resolver.h"

namespace tools {

namespace {

int find_no_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, char**, Elf**) { return -1; }

const Dwfl_Callbacks kCallbacks = {find_no_file, dwfl_standard_find_debuginfo, dwfl_offline_section_address, nullptr};

std::string build_id_of(Dwfl_Module* module) {
    const unsigned char* bits = nullptr;
    GElf_Addr address;
    int length = dwfl_module_build_id(module, &bits, &address);
    std::string text;
    char byte[3];
    for (int i = 0; i < length; i++) {
        std::snprintf(byte, sizeof byte, "%02x", bits[i]);
        text += byte;
    }
    return text;
}

std::string debug_file_path(const std::string& build_id) {
    if (build_id.size() < 4) return "";
    return "/usr/lib/debug/.build-id/" + build_id.substr(0, 2) + "/" + build_id.substr(2) + ".debug";
}

bool is_libc(const std::string& path) {
    std::string name = base_name(path);
    return name.starts_with("libc.so") || name.starts_with("ld-linux") || name.starts_with("libpthread.so");
}

bool is_readable(const std::string& path) { return !path.empty() && access(path.c_str(), R_OK) == 0; }

}  // namespace

struct debug_file {
    Dwfl* session = nullptr;
    Dwfl_Module* module = nullptr;
    Dwarf_Addr bias = 0;
    std::string build_id;

    ~debug_file() {
        if (session != nullptr) dwfl_end(session);
    }

    bool open(const std::string& path) {
        if (session != nullptr) dwfl_end(session);
        module = nullptr;
        session = dwfl_begin(&kCallbacks);
        if (session == nullptr) return false;
        dwfl_report_begin(session);
        module = dwfl_report_offline(session, path.c_str(), path.c_str(), -1);
        dwfl_report_end(session, nullptr, nullptr);
        if (module == nullptr || dwfl_module_getelf(module, &bias) == nullptr) return module = nullptr, false;
        build_id = build_id_of(module);
        return true;
    }

    source_frames frames(uint64_t offset, bool with_lines) const {
        if (module == nullptr) return {};
        source_frames found;
        if (with_lines) found = dwarf_frames(module, offset + bias);
        if (!found.empty() && !found.front().function.empty()) return found;
        GElf_Off distance;
        GElf_Sym symbol;
        const char* name =
            dwfl_module_addrinfo(module, offset + bias, &distance, &symbol, nullptr, nullptr, nullptr);
        if (name == nullptr) return found;
        if (found.empty()) found.emplace_back();
        // Without the version: __libc_start_main@@GLIBC_2.34
        found.front().function = demangled(std::string(name, std::strcspn(name, "@")).c_str());
        return found;
    }
};

resolver::resolver() {
    unsetenv("DEBUGINFOD_URLS");
}
resolver::~resolver() = default;
bool resolver::available() { return true; }

debug_file* resolver::file_of(const code_place& place) {
    auto [entry, added] = files_.try_emplace(place.module + "\n" + place.build_id);
    if (!added) return entry->second.get();
    auto file = std::make_unique<debug_file>();
    std::vector<std::string> candidates;
    if (!place.module.starts_with('[')) candidates.push_back(place.module);
    for (const std::string& directory : directories) candidates.push_back(directory + "/" + base_name(place.module));
    candidates.push_back(debug_file_path(place.build_id));
    std::string other;
    for (const std::string& path : candidates) {
        if (!is_readable(path) || !file->open(path)) continue;
        if (place.build_id.empty() || file->build_id == place.build_id) {
            entry->second = std::move(file);
            return entry->second.get();
        }
        if (other.empty()) other = path + " (build-id " + (file->build_id.empty() ? "none" : file->build_id) + ")";
    }
    if (!other.empty())
        std::fprintf(stderr, "kslab: symbolize: %s is not the file of the report (build-id %s)\n", other.c_str(),
                     place.build_id.c_str());
    return nullptr;
}

source_frames resolver::resolve(const code_place& place) {
    debug_file* file = file_of(place);
    if (file == nullptr) return {};
    return file->frames(place.lookup_offset(), !(skip_libc_lines && is_libc(place.module)));
}

}  // namespace tools
