-- For wrk (its SCRIPTING document): sends signed events from a file, each of them once. A line of it is
-- "TIMESTAMP SIGNATURE BODY". The second argument is the pause of each connection between two events, in ms.
local lines, at, pause = {}, 0, 0

function init(args)
  pause = tonumber(args[2])
  for line in io.lines(args[1]) do
    local timestamp, signature, body = line:match("^(%S+) (%S+) (.*)$")
    lines[#lines + 1] = wrk.format("POST", nil, {
      ["Content-Type"] = "application/json", ["X-Ai-Bot-Timestamp"] = timestamp, ["X-Ai-Bot-Signature"] = signature }, body)
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
