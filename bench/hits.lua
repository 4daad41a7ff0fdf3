-- Posts hits as wrk's load: `wrk -s hits.lua URL -- SITE HITS_A_REQUEST SEED`. Prints one line of JSON at the end.
-- Of 20 hits 11 are pages, 4 pages reached by an ad, 4 clicks, 1 a conversion. 20,000 visitors; hit ids are unique.

local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  site, many, seed = args[1], tonumber(args[2]), args[3]
  count = 0
  math.randomseed(tonumber(seed) * 100 + number)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
end

local function hit()
  count = count + 1
  local what = math.random(20)
  local more = '"type":"page","url":"https://shop.example/p/' .. math.random(500) .. '"'
  if what <= 4 then
    more = '"type":"page","url":"https://shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=c' .. what .. '"'
  elseif what <= 8 then
    more = '"type":"click","ad":"demo-ad","url":"https://shop.example/"'
  elseif what == 9 then
    more = '"type":"conversion","name":"purchase","value":"19.90","order":"' .. seed .. "." .. number .. "." .. count .. '"'
  end
  return '{"site":"' .. site .. '","id":"b' .. seed .. "." .. number .. "." .. count .. '","ts":' .. os.time() .. "000"
    .. ',"visitor":"v' .. math.random(20000) .. '",' .. more .. "}"
end

function request()
  if many == 1 then
    return wrk.format(nil, nil, nil, hit())
  end
  local hits = {}
  for n = 1, many do
    hits[n] = hit()
  end
  return wrk.format(nil, nil, nil, "[" .. table.concat(hits, ",") .. "]")
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"seconds":%.3f,"refused":%d,"broken":%d,"p50_ms":%.2f,"p99_ms":%.2f}',
    summary.requests, summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
