-- What windows.py does, byte for byte, where the counts are: read it first, for the proof.
-- KEYS: the state of each limit.
-- ARGV: words. What to do, the cost, the time in microseconds ("-" for the server's), the amount and
-- the seconds of each limit; for taking back, the quantum of each.
-- Answers "remaining wait release quantum" of each.

local HEADER, QUANTA, SLOTS, SECOND = 12, 64, 65, 1000000
local words = {}
for word in string.gmatch(ARGV[1], '%S+') do words[#words + 1] = word end
local verb, cost, now = words[1], tonumber(words[2]), tonumber(words[3])
if not now then
  local time = redis.call('TIME')
  now = time[1] * SECOND + time[2]
end

-- The counters of a window stay packed in one string: most hits touch one of the 65.

local function count(window, slot)
  return (struct.unpack(window.format, window.counts, slot * window.width + 1))
end

local function replace(window, first, last, bytes)
  local before = string.sub(window.counts, 1, first * window.width)
  window.counts = before .. bytes .. string.sub(window.counts, (last + 1) * window.width + 1)
end

local function put(window, slot, number)
  replace(window, slot, slot, struct.pack(window.format, number))
end

-- The first slot from first to last that has counted anything.
local function occupied(window, first, last)
  local byte = string.match(window.counts, '^%z*()', first * window.width + 1)
  local slot = math.floor((byte - 1) / window.width)
  return slot <= last and slot
end

local function forget(window, first, last)
  local slot = occupied(window, first, last)
  if not slot then return end
  while slot do
    window.total = window.total - count(window, slot)
    slot = occupied(window, slot + 1, last)
  end
  replace(window, first, last, string.rep('\0', (last + 1 - first) * window.width))
end

local function advance(window, newest)
  local passed = window.index - newest
  local first, last = (newest + 1) % SLOTS, window.index % SLOTS
  if passed <= -SLOTS then
    window.counts = string.rep('\0', SLOTS * window.width)
    put(window, last, window.total)
  elseif passed <= 0 then
    window.index = newest
  elseif passed >= SLOTS then
    forget(window, 0, SLOTS - 1)
  elseif first <= last then
    forget(window, first, last)
  else
    forget(window, first, SLOTS - 1)
    forget(window, 0, last)
  end
end

local function width_of(amount)
  return amount <= 0xFFFF and 2 or amount <= 0xFFFFFF and 3 or 4
end

-- What is under the key: nothing, if it is no string. SET writes over whatever it is.
local function stored(key)
  local state = redis.pcall('GET', key)
  if type(state) ~= 'table' then return state end
  return not string.find(state.err, 'WRONGTYPE', 1, true) and redis.call('GET', key)
end

local function read(key, amount, seconds)
  local quantum, width = math.ceil(seconds * SECOND / QUANTA), width_of(amount)
  local window = {
    key = key, amount = amount, seconds = seconds, quantum = quantum,
    width = width, format = '>I' .. width,
    index = math.floor(now / quantum), total = 0,
  }
  local state = stored(key)
  if not state or #state ~= HEADER + SLOTS * width then
    window.counts = string.rep('\0', SLOTS * width)
    return window
  end
  local newest, total = struct.unpack('>I8I4', state)
  window.total, window.counts = total, string.sub(state, HEADER + 1)
  advance(window, newest)
  return window
end

local function add(window, number, quantum)
  local slot = quantum % SLOTS
  window.total = window.total + number
  put(window, slot, count(window, slot) + number)
  local state = struct.pack('>I8I4', window.index, window.total) .. window.counts
  redis.call('SET', window.key, state, 'PX', math.ceil(window.quantum * SLOTS / 1000))
end

local function admits(window)
  return window.total + cost <= window.amount
end

local function can_take_back(window, quantum)
  return quantum > window.index - SLOTS and quantum <= window.index
    and count(window, quantum % SLOTS) >= cost
end

local function until_forgotten(window, quantum)
  return math.max(1, (quantum + SLOTS) * window.quantum - now)
end

local function earliest(window)
  local first = (window.index + 1) % SLOTS
  local slot = occupied(window, first, SLOTS - 1) or occupied(window, 0, first - 1)
  return slot and window.index - (window.index - slot) % SLOTS
end

local function wait(window, quantum)
  if cost > window.amount then return window.seconds * SECOND end
  local needed = window.total + cost - window.amount - count(window, quantum % SLOTS)
  while needed > 0 and quantum < window.index do
    quantum = quantum + 1
    needed = needed - count(window, quantum % SLOTS)
  end
  return until_forgotten(window, quantum)
end

local function standing(window, is_admitted)
  local first = earliest(window)
  local release = first and until_forgotten(window, first) or 0
  local pause = (is_admitted or admits(window)) and 0 or wait(window, first or window.index)
  local remaining = math.max(0, window.amount - window.total)
  return string.format('%d %d %d %d', remaining, pause, release, window.index)
end

local windows, is_admitted = {}, true
for number, key in ipairs(KEYS) do
  local window = read(key, tonumber(words[2 + 2 * number]), tonumber(words[3 + 2 * number]))
  windows[number] = window
  is_admitted = is_admitted and admits(window)
end
for number, window in ipairs(windows) do
  if verb == 'take-back' then
    local quantum = tonumber(words[3 + 2 * #KEYS + number])
    if can_take_back(window, quantum) then add(window, -cost, quantum) end
  elseif verb == 'hit' and is_admitted and cost > 0 then
    add(window, cost, window.index)
  end
end
local answers = {}
for number, window in ipairs(windows) do
  answers[number] = standing(window, verb == 'hit' and is_admitted)
end
return table.concat(answers, ' ')
