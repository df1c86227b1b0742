-- Strings and tables: word counts, string building, short-lived tables. Argument: percentage of the work.
local work = tonumber(arg[1])
local seed = 1
local function number(bound)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed // 65536 % bound
end

local total = 0
local kept = {}
for round = 1, 350 * work do
  local words = {}
  for i = 1, 20 do words[i] = "word" .. number(20000) .. ("x"):rep(number(20)) end
  local text = table.concat(words, " ")
  local counts = {}
  for word in text:gmatch("%a+") do counts[word] = (counts[word] or 0) + 1 end
  kept[round % 25000 + 1] = { text = text:upper(), counts = counts, position = { x = round, y = #text } }
  total = total + #text
end
print("checksum " .. math.floor(total))
