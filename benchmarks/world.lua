-- The pages of the closed world; world.py says what their addresses mean.

local short = string.rep("<p>Words of a page, as pages have them.</p>\n", 40)
local seen, sums = ngx.shared.seen, ngx.shared.sums

-- Of each five pages one has an ETag, one a Last-Modified and one both.
local MODIFIED = "Tue, 03 Mar 2026 10:00:00 GMT"
local MODIFIED_AT = ngx.parse_http_time(MODIFIED)
local VALIDATORS = { [0] = { etag = true }, { date = true }, { etag = true, date = true } }

-- Pages must not be all alike: each is a stretch of this, a few KB long.
local prose = {}
do
    local syllables = { "ba", "ke", "lin", "mor", "nu", "pel", "qua", "ri", "sto", "ta", "ven", "zo" }
    local drawn = 1
    local function draw(n)
        drawn = (drawn * 16807) % 2147483647
        return drawn % n + 1
    end
    local words = {}
    for i = 1, 8000 do
        local word = syllables[draw(#syllables)] .. syllables[draw(#syllables)]
        words[i] = draw(3) == 1 and word .. syllables[draw(#syllables)] or word
        if draw(60) == 1 then words[i] = words[i] .. ".</p>\n<p>" end
    end
    prose = table.concat(words, " ")
end

local function body(number)
    local long = 4000 + number * 7919 % 12000
    local from = number * 104729 % (#prose - long) + 1
    return "<!doctype html><html><head><title>Page " .. number .. "</title></head><body><h1>Page "
        .. number .. "</h1><p>" .. prose:sub(from, from + long) .. "</p></body></html>\n"
end

local function refuse(status)
    ngx.status = status
    ngx.print("<!doctype html><title>Status " .. status .. "</title><p>There is no page here.</p>\n")
end

-- Sets the page's validators; true if the one who asks has it already.
local function unchanged(number)
    local has = VALIDATORS[number % 5]
    if not has then return false end
    local etag = has.etag and '"v' .. number .. '"'
    ngx.header["ETag"] = etag or nil
    ngx.header["Last-Modified"] = has.date and MODIFIED or nil
    local theirs = ngx.var.http_if_none_match
    if theirs then return etag and theirs:find(etag, 1, true) ~= nil end
    local since = ngx.var.http_if_modified_since
    return has.date and since ~= nil and (ngx.parse_http_time(since) or 0) >= MODIFIED_AT
end

function answer()
    local wait, rest = ngx.var.uri:match("^/(%d+)/(.*)$")
    if wait then ngx.sleep(tonumber(wait) / 1000) end
    local fate, number = (rest or ""):match("^([%l-]+)/(%d+)$")
    if not fate or fate == "missing" then return refuse(404) end
    if fate == "moved" then return ngx.redirect("/" .. wait .. "/ok/" .. number, 301) end
    if fate == "found" then return ngx.redirect("/" .. wait .. "/ok/" .. number, 302) end
    if fate == "forbidden" then return refuse(403) end
    if (fate == "busy-once" or fate == "down-once") and seen:add(number, true) then
        if fate == "busy-once" then ngx.header["Retry-After"] = "1" end
        return refuse(fate == "busy-once" and 429 or 503)
    end
    number = tonumber(number)
    ngx.ctx.validated = VALIDATORS[number % 5] ~= nil
    if unchanged(number) then
        ngx.status = 304
        return ngx.exit(ngx.OK)
    end
    ngx.print(body(number))
end

function answer_at_once()
    local number = ngx.var.uri:match("^/0/ok/(%d+)$")
    if not number then return refuse(404) end
    ngx.print("<!doctype html><title>Page " .. number .. "</title>\n" .. short)
end

function count()
    if not ngx.ctx.validated then return end
    sums:incr("bytes", tonumber(ngx.var.bytes_sent), 0)
    sums:incr("answers", 1, 0)
    if ngx.status == 304 then sums:incr("not modified", 1, 0) end
end

function forget()
    seen:flush_all()
    sums:flush_all()
    ngx.print("ok")
end

function tell()
    local told = {}
    for _, name in ipairs(sums:get_keys()) do
        told[#told + 1] = string.format('"%s": %d', name, sums:get(name))
    end
    ngx.print("{" .. table.concat(told, ", ") .. "}")
end
