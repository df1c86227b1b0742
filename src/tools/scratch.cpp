#include "tools/scratch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tools/command.h"

namespace tools {

namespace fs = std::filesystem;

scratch_directory::scratch_directory() {
    const char* base = getenv("TMPDIR");
    path_ = std::string(base == nullptr || *base == '\0' ? "/tmp" : base) + "/kslab-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr)
        throw failure(kUsage, "cannot make " + path_ + ": " + std::strerror(errno));
    path_ = fs::absolute(path_).string();
}

scratch_directory::~scratch_directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::vector<std::string> scratch_directory::take_all(const std::string& prefix) {
    std::vector<fs::directory_entry> files;
    for (const auto& entry : fs::directory_iterator(path_))
        if (entry.path().filename().string().starts_with(prefix)) files.push_back(entry);
    // Names that differ in length have numbers of different length at their end.
    std::sort(files.begin(), files.end(), [](const fs::directory_entry& a, const fs::directory_entry& b) {
        std::string left = a.path().filename().string(), right = b.path().filename().string();
        return left.size() != right.size() ? left.size() < right.size() : left < right;
    });
    std::vector<std::string> contents;
    for (const auto& file : files) {
        contents.push_back(read_file(file.path().string()));
        fs::remove(file.path());
    }
    return contents;
}

repeated_input::repeated_input() {
    struct stat status;
    if (fstat(0, &status) != 0) return;
    terminal_ = isatty(0);
    if (S_ISREG(status.st_mode)) start_ = lseek(0, 0, SEEK_CUR);
    if (terminal_ || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISCHR(status.st_mode)) return;
    spool_ = memfd_create("kslab-input", MFD_CLOEXEC);
    char buffer[1 << 16];
    for (ssize_t n; spool_ >= 0 && (n = read(0, buffer, sizeof buffer)) != 0;) {
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 || write(spool_, buffer, static_cast<size_t>(n)) != n)
            throw failure(kUsage, std::string("cannot keep standard input: ") + std::strerror(errno));
    }
}

repeated_input::~repeated_input() {
    if (spool_ >= 0) close(spool_);
}

int repeated_input::next_run() {
    if (start_ >= 0) lseek(0, start_, SEEK_SET);
    if (spool_ >= 0) lseek(spool_, 0, SEEK_SET);
    return spool_;
}

int null_descriptor() {
    static int descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
    return descriptor;
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace tools
