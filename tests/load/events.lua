-- For wrk (its SCRIPTING document): sends signed events from a file, each of them once. A line of it is
-- "NAME: VALUE|NAME: VALUE<tab>BODY". The second argument is the pause of each connection between two events, in ms.
local lines, at, pause = {}, 0, 0

function init(args)
  pause = tonumber(args[2])
  for line in io.lines(args[1]) do
    local names, body = line:match("^([^\t]*)\t(.*)$")
    local headers = { ["Content-Type"] = "application/json" }
    for name, value in names:gmatch("([^:|]+): ([^|]*)") do headers[name] = value end
    lines[#lines + 1] = wrk.format("POST", nil, headers, body)
  end
end

function request()
  at = at + 1
  if at > #lines then
    io.stderr:write("the events have run out\n")
    os.exit(1)
  end
  return lines[at]
end

function delay()
  return pause
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
