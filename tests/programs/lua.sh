# shellcheck shell=bash
# Lua, whose every allocation, growth and free goes through realloc and free.
#
# tier: all
# timeout: 90
# packages: lua5.4
# commands: lua5.4

prepare() {
    cat > work.lua << 'END'
local seed = 7
local function rnd(n) seed = (seed * 1103515245 + 12345) % 2147483648; return seed % n end
local function churn(rounds)
  local live, sum = {}, 0
  for i = 1, rounds do
    local slot = rnd(3001)
    live[slot] = { i, ('x'):rep(rnd(200)), { name = 'n' .. i, next = live[slot - 1] and live[slot - 1][2] } }
    if i % 5 == 0 then live[rnd(3001)] = nil end
  end
  for slot = 0, 3000 do if live[slot] then sum = sum + #live[slot][2] + live[slot][1] end end
  return sum
end
print(churn(200000))
collectgarbage('generational'); print(churn(200000)); collectgarbage('incremental')
local parts = {}
for i = 1, 100000 do parts[#parts + 1] = ('%d:%x;'):format(i, rnd(99999)) end
local text = table.concat(parts)
print(#text, select(2, text:gsub('(%d+):(%x+);', '%2=%1,')), text:reverse():sub(1, 30))
table.sort(parts); print(parts[1], parts[50000], parts[100000])
local tasks = {}
for n = 1, 2000 do tasks[n] = coroutine.wrap(function() local s = '' for i = 1, 10 do s = s .. n .. i; coroutine.yield(#s) end end) end
local total = 0
for _ = 1, 10 do for n = 1, 2000 do total = total + tasks[n]() end end
print(total, pcall(error, 'wanted'))
local weak = setmetatable({}, { __mode = 'k', __gc = true })
for i = 1, 50000 do weak[{}] = i end
collectgarbage(); print(next(weak))
END
}

workload() {
    lua5.4 "$work/input/work.lua"
    # Allocations that fail must be reported to the program, which lives on.
    (ulimit -v 300000 && lua5.4 -e 'print(pcall(string.rep, "x", 1 << 30)); print(#("y"):rep(1 << 20))')
}
