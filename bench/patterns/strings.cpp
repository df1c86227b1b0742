// Text in pieces: split lines into fields, build new lines from them, replace, join.
//
// Short-lived strings of 10 to 200 bytes, many of which grow while they are built; the pieces of one line
// are freed together. Argument: percentage of the work.
#include <string>

#include "pattern.h"

namespace {

std::string make_line(pattern::random &random) {
  std::string line;
  const size_t fields = random.between(4, 16);
  for (size_t field = 0; field < fields; field++) {
    line += std::to_string(random.below(1'000'000));
    line.append(random.below(30), 'a');
    line += ';';
  }
  return line;
}

std::vector<std::string> split(const std::string &line) {
  std::vector<std::string> fields;
  size_t begin = 0;
  for (size_t end = line.find(';'); end != std::string::npos; end = line.find(';', begin)) {
    fields.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return fields;
}

std::string join_reversed(const std::vector<std::string> &fields) {
  std::string line;
  for (size_t i = fields.size(); i-- > 0;) line += "<" + fields[i] + ">";
  return line;
}

}  // namespace

int main(int argc, char **argv) {
  const long lines = pattern::work(argc, argv, 500'000);
  pattern::random random(1);
  std::vector<std::string> recent(2000);
  uint64_t sum = 0;
  for (long i = 0; i < lines; i++) {
    std::string line = join_reversed(split(make_line(random)));
    sum += line.size();
    recent[random.below(2000)] = std::move(line);
  }
  pattern::checksum(sum);
}
