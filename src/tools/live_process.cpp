#include "tools/live_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <map>
#include <thread>

#include "tools/library_options.h"
#include "tools/scratch.h"

namespace tools {

namespace {

std::map<std::string, std::string> split_environment(const std::string& block) {
    std::map<std::string, std::string> variables;
    for (size_t at = 0; at < block.size();) {
        std::string variable = block.substr(at, block.find('\0', at) - at);
        at += variable.size() + 1;
        size_t equals = variable.find('=');
        if (equals != variable.npos) variables[variable.substr(0, equals)] = variable.substr(equals + 1);
    }
    return variables;
}

// The last component of argv[0], which is what %e stands for.
std::string program_of(const std::string& directory) {
    std::string line = read_file(directory + "/cmdline");
    line = line.substr(0, line.find('\0'));
    return line.substr(line.rfind('/') + 1);
}

// A signal that nobody handles would end the process.
bool handles(const std::string& directory, int signal) {
    std::ifstream status(directory + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("SigCgt:"))
            return (strtoull(line.c_str() + strlen("SigCgt:"), nullptr, 16) >> (signal - 1) & 1) != 0;
    return false;
}

// Differs between a file and the one that takes its place.
struct version {
    bool there = false;
    ino_t inode = 0;
    timespec time{};

    explicit version(const std::string& path) {
        struct stat status;
        there = stat(path.c_str(), &status) == 0;
        if (!there) return;
        inode = status.st_ino;
        time = status.st_mtim;
    }
    bool operator==(const version& other) const {
        return there == other.there && inode == other.inode && time.tv_sec == other.time.tv_sec &&
               time.tv_nsec == other.time.tv_nsec;
    }
};

constexpr auto kPatience = std::chrono::seconds(10);
constexpr auto kStep = std::chrono::milliseconds(2);

}  // namespace

void live_process::refuse(const std::string& why) const {
    throw failure(kFound, command_ + ": process " + std::to_string(process_) + " " + why);
}

live_process::live_process(std::string command, const std::string& number) : command_(std::move(command)) {
    process_ = number_in(command_ + ": the process", number, 1, 1 << 30);
    if (kill(static_cast<pid_t>(process_), 0) != 0 && errno == ESRCH) refuse("does not exist");
    std::string block = read_file(directory() + "/environ");
    if (block.empty()) refuse("does not let its environment be read");
    auto environment = split_environment(block);
    path_ = environment["KSLAB_SLABINFO"];
    signal_ = atoi(environment["KSLAB_SLABINFO_SIGNAL"].c_str());
    if (path_.empty() || path_ == "-" || signal_ < 1 || signal_ > 64)
        refuse("was not started with KSLAB_SLABINFO=path and KSLAB_SLABINFO_SIGNAL=number");
    path_ = log_name(path_, program_of(directory()), process_);
    if (path_[0] != '/') path_ = directory() + "/cwd/" + path_;
    if (!handles(directory(), signal_)) refuse("does not handle signal " + std::to_string(signal_) + ": is it under kslab?");
}

std::string live_process::slabinfo(const std::string& tuning) {
    if (!tuning.empty()) {
        std::string fresh = path_ + ".tune." + std::to_string(getpid());
        std::ofstream out(fresh, std::ios::binary);
        out << tuning;
        out.close();
        if (!out || rename(fresh.c_str(), (path_ + ".tune").c_str()) != 0) refuse("cannot be told: " + path_ + ".tune: " + strerror(errno));
    }
    version before(path_);
    if (kill(static_cast<pid_t>(process_), signal_) != 0) refuse(std::string("cannot be asked: ") + strerror(errno));
    auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (version(path_) == before) {
        if (std::chrono::steady_clock::now() > deadline) refuse("does not answer");
        std::this_thread::sleep_for(kStep);
    }
    return read_file(path_);
}

}  // namespace tools
