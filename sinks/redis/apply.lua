-- One tenant, one cut: values that are newer than what is there, and one feed entry per channel with what changed.
-- Nothing is written when the sequence is not the one the writer knows (a flush in between): it must begin anew.
-- Only commands of Redis 6.2. All keys share one slot.
--
-- KEYS  1 seq  2 feed  3 fence  4 aging of receivables  5 aging of payables  6 alerts  7.. one hash per KPI window
-- ARGV  1 epoch of the sequence that is expected, or ''   2 a random one, for a sequence that begins now
--       3 entries the feed keeps   4 bytes above which a delta becomes a reset   5.. operations:
--   'kpi'   epoch revision windows, then per window: key index, name as JSON, asOf..currency as open JSON, logTime,
--           measures, then per measure: field, field as JSON, value as open JSON (without its closing brace)
--   'aging', 'payables' or 'alert'  epoch revision offset field, field as JSON, value as open JSON or '' for a tombstone
-- Gives { status, epoch of the sequence, kpi sequence or 0, aging sequence or 0, values written, values refused }.
local seqKey, feedKey, fenceKey = KEYS[1], KEYS[2], KEYS[3]
local known = redis.call('HGET', seqKey, 'epoch')
if ARGV[1] ~= '' and ARGV[1] ~= known then
  return { 'lost', known or '', 0, 0, 0, 0 }
end

local at = 5
local function take()
  local value = ARGV[at]
  at = at + 1
  return value
end

local written, refused = 0, 0

-- -1 older, 0 the same cut, 1 newer than the pair (oldEpoch, oldRevision).
local function compare(epoch, revision, oldEpoch, oldRevision)
  if epoch ~= oldEpoch then
    return epoch > oldEpoch and 1 or -1
  end
  if revision ~= oldRevision then
    return revision > oldRevision and 1 or -1
  end
  return 0
end

local function stampOf(json)
  local epoch, revision = string.match(json, ',"epoch":(%d+),"revision":(%d+)}$')
  return tonumber(epoch) or 0, tonumber(revision) or -1
end

-- True when `json` is `open` with a stamp behind it.
local function sameValue(json, open)
  return json ~= nil and string.sub(json, 1, #open) == open and string.sub(json, #open + 1, #open + 9) == ',"epoch":'
end

local kpiParts = {}
-- Per hash of slices what changed in it, and what its fields are called in the fence.
local slices = {
  aging = { key = KEYS[4], prefix = '', parts = {} },
  payables = { key = KEYS[5], prefix = 'payables|', parts = {} },
  alert = { key = KEYS[6], prefix = 'alert:', parts = {} },
}

local function applyKpi()
  local epoch, revision, windows = take(), take(), tonumber(take())
  local stamp = ',"epoch":' .. epoch .. ',"revision":' .. revision .. '}'
  for _ = 1, windows do
    local key, name, open, logTime, count = KEYS[tonumber(take())], take(), take(), take(), tonumber(take())
    local old = {}
    local flat = redis.call('HGETALL', key)
    for i = 1, #flat, 2 do
      old[flat[i]] = flat[i + 1]
    end
    local order = 1
    if old._meta then
      local oldEpoch, oldRevision = stampOf(old._meta)
      order = compare(tonumber(epoch), tonumber(revision), oldEpoch, oldRevision)
    end
    local meta = open .. ',"logTime":' .. logTime .. stamp
    local changed, fields = {}, { '_meta', meta }
    for _ = 1, count do
      local field, label, value = take(), take(), take()
      if not sameValue(old[field], value) then
        changed[#changed + 1] = label .. ':' .. value .. stamp
      end
      fields[#fields + 1] = field
      fields[#fields + 1] = value .. stamp
      old[field] = nil
    end
    if order < 0 or (order == 0 and #changed == 0) then
      refused = refused + count
    else
      old._meta = nil
      for field in pairs(old) do
        redis.call('HDEL', key, field)
      end
      redis.call('HSET', key, unpack(fields))
      written = written + count
      kpiParts[#kpiParts + 1] = name .. ':{"meta":' .. meta .. ',"measures":{' .. table.concat(changed, ',') .. '}}'
    end
  end
end

local function applySlice(side)
  local epoch, revision, offset, field, label, value = take(), take(), take(), take(), take(), take()
  local fenced, parts = side.prefix .. field, side.parts
  local old = redis.call('HGET', side.key, field)
  local fence = redis.call('HGET', fenceKey, fenced)
  local oldEpoch, oldRevision, oldOffset
  if old then
    oldOffset, oldEpoch, oldRevision = string.match(old, ',"offset":(%d+),"epoch":(%d+),"revision":(%d+)}$')
  elseif fence then
    oldEpoch, oldRevision, oldOffset = string.match(fence, '^(%d*):(%d*):(%d+)$')
  end
  local order = 1
  if oldOffset and (epoch == '' or oldEpoch == '') then
    -- A tombstone has no stamp of its own: the order of the topic decides.
    order = tonumber(offset) > tonumber(oldOffset) and 1 or -1
  elseif oldOffset then
    order = compare(tonumber(epoch), tonumber(revision), tonumber(oldEpoch), tonumber(oldRevision))
  end
  if order <= 0 then
    refused = refused + 1
    return
  end
  written = written + 1
  if value == '' then
    redis.call('HSET', fenceKey, fenced, epoch .. ':' .. revision .. ':' .. offset)
    if redis.call('HDEL', side.key, field) == 1 then
      parts[#parts + 1] = label .. ':null'
    end
  else
    local stamp = ',"offset":' .. offset .. ',"epoch":' .. epoch .. ',"revision":' .. revision .. '}'
    redis.call('HSET', side.key, field, value .. stamp)
    if fence then
      redis.call('HDEL', fenceKey, fenced)
    end
    parts[#parts + 1] = label .. ':' .. value .. stamp
  end
end

while at <= #ARGV do
  local operation = take()
  if operation == 'kpi' then
    applyKpi()
  else
    applySlice(slices[operation])
  end
end

if written > 0 and not known then
  known = ARGV[2]
  redis.call('HSET', seqKey, 'epoch', known)
end

local function publish(channel, data)
  if #data > tonumber(ARGV[4]) then
    data = '{"reset":true}'
  end
  local seq = redis.call('HINCRBY', seqKey, channel, 1)
  redis.call('XADD', feedKey, 'MAXLEN', '~', ARGV[3], '*', 'channel', channel, 'seq', seq, 'epoch', known, 'data', data)
  return seq
end

local function object(name, parts)
  return '"' .. name .. '":{' .. table.concat(parts, ',') .. '}'
end

local kpi, aging = 0, 0
if #kpiParts > 0 then
  kpi = publish('kpi', '{' .. object('windows', kpiParts) .. '}')
end
local receivables, payables, alerts = slices.aging.parts, slices.payables.parts, slices.alert.parts
if #payables > 0 then
  aging = publish('aging', '{' .. object('slices', receivables) .. ',' .. object('payables', payables) .. '}')
elseif #receivables > 0 then
  aging = publish('aging', '{' .. object('slices', receivables) .. '}')
end
if #alerts > 0 then
  publish('alerts', '{' .. object('alerts', alerts) .. '}')
end
return { 'ok', known or '', kpi, aging, written, refused }
