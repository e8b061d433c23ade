-- KEYS[1]  the session's record
-- ARGV     attach, owner, version, next version, processed, acked, flags, kept for so many ms,
--          this run of Redis, most bytes of messages, then pairs of field and message
local function less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end
local key = KEYS[1]
local attach, owner, version, nextVersion, processed, acked, flags, keep, run, most = unpack(ARGV, 1, 10)
local known = redis.call('HMGET', key, 'a', 'o', 'v', 'k', 'z')
local function lost(why)
  redis.call('DEL', key)
  return {'L', why}
end
if not known[1] then return {'L', 'no record'} end
if less(known[1], attach) then return lost('an older fence than this writer had') end
if known[1] ~= attach or known[2] ~= owner then return {'F'} end
if known[3] == nextVersion then
  redis.call('PEXPIRE', key, keep)
  return {'S'}
end
-- A duplicate that newer changes of the same writer overtook: bytes of a connection that was given
-- up may still be executed. It says nothing of this record.
if less(nextVersion, known[3]) then return {'F'} end
if known[3] ~= version then return lost('version ' .. known[3] .. ' (expected: ' .. version .. ')') end
local over = flags == '2' or flags == '3'
local bytes = tonumber(known[5])
if over then
  -- A tombstone needs no messages.
  local kept = redis.call('HMGET', key, 'c', 'A', 'O')
  redis.call('DEL', key)
  redis.call('HSET', key, 'c', kept[1], 'a', attach, 'o', owner, 'A', kept[2], 'O', kept[3])
  bytes = 0
else
  for i = 12, #ARGV, 2 do bytes = bytes + #ARGV[i] end
  for seq = tonumber(known[4]) + 1, tonumber(acked) do
    local field = string.format('m%.0f', seq)
    local size = redis.call('HSTRLEN', key, field)
    if size > 0 then
      bytes = bytes - size
      redis.call('HDEL', key, field)
    end
  end
  if bytes > tonumber(most) then return lost('more than ' .. most .. ' bytes of messages') end
  for i = 11, #ARGV, 2 do redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
end
redis.call('HSET', key, 'v', nextVersion, 'p', processed, 'k', acked, 'f', flags,
  'z', string.format('%.0f', bytes), 'r', run)
redis.call('PEXPIRE', key, keep)
return {'S'}
