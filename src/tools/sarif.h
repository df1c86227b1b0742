// A SARIF 2.1.0 log, as code hosts read it, from findings as JSON lines.
#pragma once
#include <string>
#include <vector>

#include "tools/json.h"

namespace tools {

class sarif_log {
public:
    // Lines that are no findings are passed over. False when the line is not of a report in JSON.
    bool add(const std::string& line);
    std::string text() const;

private:
    size_t rule_index(const std::string& kind, const std::string& title);

    std::vector<std::pair<std::string, std::string>> rules_;  // kind and title
    json results_ = json::array();
};

}  // namespace tools
