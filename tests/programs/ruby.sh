# shellcheck shell=bash
# Ruby: strings, hashes, garbage collection and compaction, threads, fork, big numbers.
#
# tier: all
# timeout: 120
# packages: ruby
# commands: ruby

prepare() {
    cat > work.rb << 'END'
require 'json'; require 'digest'; require 'zlib'; require 'set'
seed = 7
rnd = ->(n) { seed = (seed * 1103515245 + 12345) % 2147483648; seed % n }
index = Hash.new { |h, k| h[k] = [] }
150_000.times { |i| index["word#{rnd.(5003)}"] << "line #{i} " + 'x' * rnd.(40) }
puts index.size, Digest::MD5.hexdigest(index.sort.flatten.join)
text = JSON.generate((1..20_000).map { |i| { id: i, name: "n#{i * 7919 % 10007}", list: [i, i.to_s * 3] } })
puts JSON.parse(text).sum { |row| row['id'] }, Zlib::Inflate.inflate(Zlib::Deflate.deflate(text)) == text
puts text.gsub(/n(\d)(\d+)/) { "#{$2}#{$1}" }.hash == text.hash, text.scan(/"name":"n1\d*"/).size
5.times { Array.new(100_000) { |i| [i, i.to_s] }; GC.start }
GC.compact if GC.respond_to?(:compact)
puts (1..800).inject(:*).to_s.size, (2**20_000).digits.sum
puts 8.times.map { |n| Thread.new { (1..20_000).map { |i| "#{n}-#{i}" }.to_set.size } }.sum(&:value)
reader, writer = IO.pipe
pids = 4.times.map { |n| fork { a = (1..50_000).map { |i| 's' * (i % 60) }; GC.start; writer.syswrite("#{a.sum(&:size)}\n"); exit!(n) } }
writer.close
puts pids.map { |pid| Process.wait2(pid)[1].exitstatus }.inspect, reader.read
fibers = Array.new(500) { |n| Fiber.new { 20.times { |i| Fiber.yield('y' * (i * n % 300)) }; '' } }
puts 20.times.sum { fibers.sum { |f| f.resume.size } }
END
}

workload() {
    ruby "$work/input/work.rb"
    ruby -e 'raise "wanted"' 2> /dev/null || echo "status $?"
}
