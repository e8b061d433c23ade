-- KEYS[1]  the session's record
-- ARGV     attach, owner, caller, may begin (1/0), kept for so many ms, this run of Redis,
--          whether records of earlier runs are trusted (1/0)
-- Positions and fences are decimal texts: Lua's numbers are exact up to 2^53 only.
local function less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end
local key = KEYS[1]
local attach, owner, caller, begins, keep, run, trusted = unpack(ARGV)
local known = redis.call('HMGET', key, 'c', 'a', 'o', 'r')
if not known[1] then
  if begins == '0' then return {'M'} end
  redis.call('HSET', key, 'c', caller, 'a', attach, 'o', owner, 'A', '0', 'O', owner,
    'v', '0', 'p', '0', 'k', '0', 'f', '0', 'z', '0', 'r', run)
else
  if known[1] ~= caller then return {'M'} end
  local again = known[2] == attach and known[3] == owner
  if not again and not less(known[2], attach) then return {'F'} end
  -- After a restart only who holds the session in memory knows whether this is the newest.
  if known[4] ~= run and known[3] ~= owner and trusted == '0' then return {'U'} end
  if not again then
    redis.call('HSET', key, 'a', attach, 'o', owner, 'A', known[2], 'O', known[3])
  end
  redis.call('HSET', key, 'r', run)
end
redis.call('PEXPIRE', key, keep)
return {'C', redis.call('HGETALL', key)}
