// A running program under kslab that was started with KSLAB_SLABINFO and KSLAB_SLABINFO_SIGNAL: asking it for its slabinfo,
// and tuning it.
#pragma once
#include <string>

#include "tools/command.h"

namespace tools {

class live_process {
public:
    // Fails when there is no such process, or it cannot be asked. `command` begins the messages.
    live_process(std::string command, const std::string& number);

    // The slabinfo of now. With `tuning` its lines are obeyed before.
    std::string slabinfo(const std::string& tuning = "");

private:
    [[noreturn]] void refuse(const std::string& why) const;
    std::string directory() const { return "/proc/" + std::to_string(process_); }

    std::string command_;
    long process_ = 0;
    int signal_ = 0;
    std::string path_;
};

}  // namespace tools
