// What the dynamic loader will make of LD_PRELOAD for a program, from its ELF headers.
#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "tools/program.h"

namespace tools {

namespace {

constexpr off_t kMostBytes = 32 << 20;  // of programs that are searched for a sanitizer

template <typename T>
const T* at(const std::string& file, uint64_t offset, uint64_t count = 1) {
    if (offset > file.size() || count > (file.size() - offset) / sizeof(T)) return nullptr;
    return reinterpret_cast<const T*>(file.data() + offset);
}

struct elf_facts {
    bool is_elf = false;
    bool has_loader = false;
    bool needs_sanitizer = false;
};

uint64_t file_offset(const Elf64_Phdr* headers, size_t count, uint64_t address) {
    for (size_t i = 0; i < count; i++)
        if (headers[i].p_type == PT_LOAD && address - headers[i].p_vaddr < headers[i].p_filesz)
            return address - headers[i].p_vaddr + headers[i].p_offset;
    return ~uint64_t{0};
}

bool is_sanitizer(const char* library) {
    for (const char* name : {"libasan", "libtsan", "libhwasan"})
        if (std::strncmp(library, name, std::strlen(name)) == 0) return true;
    return false;
}

bool needs_sanitizer(const std::string& file, const Elf64_Phdr* headers, size_t count, const Elf64_Phdr& dynamic) {
    size_t entries = dynamic.p_filesz / sizeof(Elf64_Dyn);
    const auto* entry = at<Elf64_Dyn>(file, dynamic.p_offset, entries);
    if (entry == nullptr) return false;
    uint64_t strings = 0;
    for (size_t i = 0; i < entries; i++)
        if (entry[i].d_tag == DT_STRTAB) strings = file_offset(headers, count, entry[i].d_un.d_ptr);
    for (size_t i = 0; i < entries; i++) {
        if (entry[i].d_tag != DT_NEEDED) continue;
        const char* name = at<char>(file, strings + entry[i].d_un.d_val, 16);
        if (name != nullptr && is_sanitizer(name)) return true;
    }
    return false;
}

elf_facts facts_of(const std::string& file) {
    elf_facts facts;
    const auto* header = at<Elf64_Ehdr>(file, 0);
    if (header == nullptr || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return facts;
    if (header->e_ident[EI_CLASS] != ELFCLASS64) return facts;
    const auto* headers = at<Elf64_Phdr>(file, header->e_phoff, header->e_phnum);
    if (headers == nullptr) return facts;
    facts.is_elf = true;
    for (size_t i = 0; i < header->e_phnum; i++) {
        if (headers[i].p_type == PT_INTERP) facts.has_loader = true;
        if (headers[i].p_type == PT_DYNAMIC)
            facts.needs_sanitizer = needs_sanitizer(file, headers, header->e_phnum, headers[i]);
    }
    return facts;
}

}  // namespace

void warn_unpreloadable(const std::string& path) {
    struct stat status;
    if (stat(path.c_str(), &status) != 0) return;
    if ((status.st_mode & (S_ISUID | S_ISGID)) != 0 && geteuid() != 0)
        return say("warning: " + path + " is setuid or setgid: the loader ignores LD_PRELOAD, kslab will not be used");
    std::ifstream in(path, std::ios::binary);
    std::string file;
    char magic[SELFMAG] = {};
    in.read(magic, sizeof magic);
    if (std::memcmp(magic, ELFMAG, SELFMAG) != 0 || status.st_size > kMostBytes) return;
    in.seekg(0);
    file.assign(std::istreambuf_iterator<char>(in), {});
    elf_facts facts = facts_of(file);
    if (!facts.is_elf) return;
    // A sentence of the library's and a name of its API: one survives strip, the other shows any version.
    bool has_kslab = file.find("KSLAB_HELP=1 prints all") != file.npos || file.find("kslab_version") != file.npos;
    if (!facts.has_loader && has_kslab) return;
    if (!facts.has_loader)
        say("warning: " + path + " is linked statically: there is nothing to preload into, kslab will not be used");
    else if (facts.needs_sanitizer)
        say("warning: " + path + " is built with a sanitizer, which brings its own malloc and may refuse to start");
    else if (file.find("__asan_init") != file.npos || file.find("__tsan_init") != file.npos)
        say("warning: " + path + " is built with a sanitizer, which brings its own malloc: kslab will not be used");
}

}  // namespace tools
