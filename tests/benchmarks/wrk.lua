-- POSTs the lines of the file WRK_BODIES one after the other, each thread from a place of its own; the answer of `done`
-- is a line of JSON.
local threads = 0
function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

function init(arguments)
  requests = {}
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  local authorization = os.getenv("WRK_AUTHORIZATION") or ""
  if authorization ~= "" then
    wrk.headers["Authorization"] = authorization
  end
  for line in io.lines(os.getenv("WRK_BODIES")) do
    requests[#requests + 1] = wrk.format(nil, nil, nil, line)
  end
  place = id * 97
end

function request()
  place = place % #requests + 1
  return requests[place]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
