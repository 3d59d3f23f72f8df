-- One tenant: the values that a rebuild made take the place of the live ones, all in one step. The sequences and the feed go
-- on: each channel gets an entry that says "read a snapshot". Only commands of Redis 6.2. All keys share one slot.
--
-- KEYS  1 seq  2 feed  3 sync  4 seq of the shadow  5 feed of the shadow  then pairs: shadow key, live key
-- ARGV  1 run id of the server  2 a random epoch, for a sequence that is missing  3 entries the feed keeps  4.. channels
-- Gives how many live keys were replaced.
local replaced = 0
for i = 6, #KEYS, 2 do
  if redis.call('EXISTS', KEYS[i]) == 1 then
    redis.call('RENAME', KEYS[i], KEYS[i + 1])
    replaced = replaced + 1
  else
    redis.call('DEL', KEYS[i + 1])
  end
end
redis.call('DEL', KEYS[4], KEYS[5])
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  epoch = ARGV[2]
  redis.call('HSET', KEYS[1], 'epoch', epoch)
end
for i = 4, #ARGV do
  local seq = redis.call('HINCRBY', KEYS[1], ARGV[i], 1)
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'channel', ARGV[i], 'seq', seq, 'epoch', epoch, 'data', '{"reset":true}')
end
redis.call('SET', KEYS[3], ARGV[1])
return replaced
