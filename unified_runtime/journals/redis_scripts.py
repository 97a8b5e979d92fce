"""What runs inside Redis, so that numbering, trimming and notifying are one step.

A user has a stream whose ids are `<seq>-0`, a hash with the name of the numbering and the last
number, and a sorted set of event ids; one hash holds the notes of all, which is why one Redis has to
hold all keys, not a cluster.

A Redis that does not sync each write may have lost the last ones when it was started again, and their
numbers would be given out twice, to clients that know the old ones. So the hash also says which start
of Redis (`run_id`) wrote last, and after another one the numbering gets a new name. The same where each
write is synced, if a replica took over: the last writes may not have reached it.
"""

_OPEN = """
local stream, meta, ids = KEYS[1], KEYS[2], KEYS[3]
-- ARGV[1]: candidate name, ARGV[2]: '1' if each write is synced.
local name = redis.call('HGET', meta, 'stream')
if not name then
    redis.call('DEL', stream, ids)
    name = ARGV[1]
    redis.call('HSET', meta, 'stream', name, 'last', 0)
end
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or ''
local before = redis.call('HGET', meta, 'run')
if before ~= run then
    local took_over = string.match(redis.call('INFO', 'replication'), 'master_replid2:0*[1-9a-f]')
    if before and (took_over or ARGV[2] ~= '1') then name = ARGV[1] end
    redis.call('HSET', meta, 'stream', name, 'run', run)
end
local last = tonumber(redis.call('HGET', meta, 'last'))
local function first()
    local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    return oldest and tonumber(string.match(oldest[1], '^%d+')) or last + 1
end
"""

APPEND = (
    _OPEN
    + """
-- From ARGV[3]: events to keep or 0, oldest time or '', channel, then per event: event id or '',
-- time, head, tail, how many notes, and the key and the value or '' of each.
-- Answers the name and each number, negative when known. KEYS[4] is the hash of notes.
local notes = KEYS[4]
local keep, oldest, channel = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local numbers, notice = {}, {}
local i = 6
while i <= #ARGV do
    local following = i + 5 + 2 * tonumber(ARGV[i + 4])
    local known = ARGV[i] ~= '' and redis.call('ZSCORE', ids, ARGV[i])
    if known then
        numbers[#numbers + 1] = -tonumber(known)
    else
        last = last + 1
        local frame = ARGV[i + 2] .. string.format('%d', last) .. ',"stream":"' .. name .. '"'
            .. ARGV[i + 3]
        redis.call('XADD', stream, string.format('%d-0', last), 'f', frame, 'at', ARGV[i + 1])
        if ARGV[i] ~= '' then redis.call('ZADD', ids, last, ARGV[i]) end
        numbers[#numbers + 1] = last
        notice[#notice + 1] = name .. ' ' .. string.format('%d', last) .. ' ' .. frame
        for n = i + 5, following - 1, 2 do
            if ARGV[n + 1] == '' then
                redis.call('HDEL', notes, ARGV[n])
            else
                redis.call('HSET', notes, ARGV[n], ARGV[n + 1])
            end
        end
    end
    i = following
end
if #notice > 0 then
    redis.call('HSET', meta, 'last', last)
    local trimmed = 0
    if keep > 0 then trimmed = redis.call('XTRIM', stream, 'MAXLEN', keep) end
    while oldest do
        local entry = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
        if not entry or tonumber(entry[2][4]) >= oldest then break end
        trimmed = trimmed + redis.call('XDEL', stream, entry[1])
    end
    if trimmed > 0 then redis.call('ZREMRANGEBYSCORE', ids, '-inf', first() - 1) end
    redis.call('PUBLISH', channel, table.concat(notice, '\\n'))
end
return {name, numbers}
"""
)

SETTLE = """
-- KEYS: meta. ARGV: name of the numbering, number.
if redis.call('HGET', KEYS[1], 'stream') ~= ARGV[1] then return end
local known = tonumber(redis.call('HGET', KEYS[1], 'settled') or 0)
if tonumber(ARGV[2]) > known then redis.call('HSET', KEYS[1], 'settled', ARGV[2]) end
"""

READ = (
    _OPEN
    + """
-- From ARGV[3]: after, count. Answers name, first, last and the frames.
local frames = {}
local count = tonumber(ARGV[4])
if count > 0 then
    local from = string.format('(%d-0', tonumber(ARGV[3]))
    for _, entry in ipairs(redis.call('XRANGE', stream, from, '+', 'COUNT', count)) do
        frames[#frames + 1] = entry[2][2]
    end
end
return {name, first(), last, frames}
"""
)
