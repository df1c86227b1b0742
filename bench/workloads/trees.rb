# Balanced search trees (treaps) of small objects with string keys, filled and thinned out again and again.
# Argument: percentage of the work.
class Node
  attr_accessor :key, :priority, :left, :right, :value

  def initialize(key, priority, value)
    @key = key
    @priority = priority
    @value = value
  end
end

$seed = 1
def number(bound)
  $seed = ($seed * 1103515245 + 12345) % 2147483648
  $seed / 64 % bound
end

def split(node, key)
  return [nil, nil] unless node
  if node.key < key
    node.right, rest = split(node.right, key)
    [node, rest]
  else
    rest, node.left = split(node.left, key)
    [rest, node]
  end
end

def merge(a, b)
  return a || b unless a && b
  if a.priority > b.priority
    a.right = merge(a.right, b)
    a
  else
    b.left = merge(a, b.left)
    b
  end
end

def count(node)
  node ? 1 + count(node.left) + count(node.right) : 0
end

root = nil
total = 0
(1000 * ARGV[0].to_i).times do |i|
  key = format("key %08d and more", number(200_000) * 7919 % 1_000_003)
  left, right = split(root, key)
  if i % 5 == 4
    root = merge(left, right&.left ? merge(right.left, right.right) : right)
  else
    root = merge(merge(left, Node.new(key, number(1_000_000), ["value #{i}" * 3, i])), right)
  end
  total += key.size
end
puts "checksum #{total + count(root)}"
