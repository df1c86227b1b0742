# Associative arrays, splitting and string building. Set WORK to the percentage of the work.
function number(bound) {
  seed = (seed * 16807) % 2147483647
  return int(seed / 7) % bound
}
BEGIN {
  seed = 1
  total = 0
  for (row = 0; row < 450 * WORK; row++) {
    line = ""
    for (field = 0; field < 8; field++) line = line "w" number(30000) " "
    fields = split(line, words, " ")
    for (field = 1; field <= fields; field++) {
      count[words[field]]++
      if (count[words[field]] > 5) delete count[words[field]]
    }
    text[number(5000)] = toupper(substr(line, 1, 10 + number(40)))
    total += length(line)
  }
  for (word in count) total += count[word]
  print "checksum " total
}
