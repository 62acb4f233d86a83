"""The OpenAI-compatible API: by the official client, and where that does not look."""
import concurrent.futures
import http.client
import json
import os
import signal
import subprocess
import time

import pytest

from api import text_of
from conftest import PATIENCE, ROOT, remote_model, wait_until


def test_the_official_client_is_content(make_server, plain_model):
    server = make_server(f"models:\n  - {{name: guide, type: local, path: builtin}}\n  - {{name: plain, type: local, path: {plain_model}}}\n").start()
    wait_until(lambda: all(model["state"] == "ready" for model in server.health()["models"]), "both models")
    done = subprocess.run(["node", str(ROOT / "tests/e2e/openai_client/check.mjs"), server.url + "/v1"], capture_output=True, text=True, timeout=PATIENCE * 2)
    assert (done.returncode, done.stdout) == (0, "all good\n"), done.stderr


def test_a_stream_ends_with_done_and_carries_usage_only_when_asked(server):
    plain = list(server.stream("What is ai_bot?"))
    assert plain[-1] == "[DONE]"
    assert all(c["choices"] for c in plain[:-1])
    with_usage = list(server.stream("What is ai_bot?", stream_options={"include_usage": True}))
    assert with_usage[-2]["choices"] == [] and with_usage[-2]["usage"]["completion_tokens"] > 0
    assert not any("timings" in c for c in plain[:-1])


def test_wrong_requests_say_which_field(server):
    def refused(body):
        status, _, content = server.request("POST", "/v1/chat/completions", body if isinstance(body, bytes) else json.dumps(body))
        error = json.loads(content)["error"]
        assert error["type"] == "invalid_request_error" and set(error) == {"message", "type", "param", "code"}
        return status, error["message"]

    assert refused(b"not json") == (400, "the body is not JSON (see byte 1)")
    assert refused(b"") == (400, "the body is empty; a JSON object is expected")
    # What is nested without end would take the stack; with a large number in front another parser reads it.
    for number in (b"1", b"123456789012345678901234567890"):
        deep = b"[" * 400000 + b"]" * 400000
        assert refused(b'{"messages": [{"role": "user", "content": "hi"}], "seed": ' + number + b', "deep": ' + deep + b"}") == (400, "the body is nested too deep: at most 1024 levels")
    assert refused({}) == (400, "messages: must be a list with at least one message")
    assert refused({"messages": [{}]}) == (400, "messages: each needs a role (system, user, assistant, tool)")
    hi = [{"role": "user", "content": "hi"}]
    assert refused({"messages": hi, "stream": "yes"}) == (400, "stream: must be true or false")
    assert refused({"messages": hi, "model": 7}) == (400, "model: must be a text")
    assert refused({"messages": hi, "model": "x"}) == (404, "no model or tier is called 'x'; known: guide")


KINDS = [None, True, 5, -1, 0.5, 1e300, "", "x", [], [1], ["x"], [{}], [[]], [None], {}, {"x": 1}, {"x": None}]
MEMBERS = ["model", "stream", "stream_options", "messages", "max_tokens", "max_completion_tokens", "n_predict", "n", "seed", "temperature",
           "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "logit_bias", "stop", "tools",
           "tool_choice", "parallel_tool_calls", "functions", "function_call", "response_format", "chat_template_kwargs", "metadata", "user",
           "reasoning_effort", "reasoning_format", "cache_prompt", "id_slot", "grammar", "json_schema", "samplers", "ignore_eos", "timings_per_token",
           "return_tokens", "add_generation_prompt", "prediction", "modalities", "audio", "store", "service_tier", "lora", "unknown"]
INNER = {"stream_options": ["include_usage", "include_obfuscation"], "response_format": ["type", "schema", "json_schema"]}
IN_MESSAGE = ["role", "content", "name", "tool_calls", "tool_call_id", "refusal", "reasoning_content", "audio", "function_call"]


def odd_requests():
    """Each member with each kind of value, alone in an otherwise good request."""
    good = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
    for stream in (False, True):
        for kind in KINDS:
            for member in MEMBERS:
                yield {**good, "stream": stream, member: kind}
            for member, inner in ((m, i) for m in INNER for i in INNER[m]):
                yield {**good, "stream": stream, member: {inner: kind}}
            for member in IN_MESSAGE:
                for role in ("user", "assistant", "tool", "system"):
                    yield {**good, "stream": stream, "messages": [{"role": role, "content": "hi", member: kind}, *good["messages"]]}


def refused_well(server, body):
    status, headers, content = server.request("POST", "/v1/chat/completions", json.dumps(body))
    assert status in (200, 400, 404), (status, body, content)
    if status != 200:
        error = json.loads(content)["error"]
        assert error["type"] == "invalid_request_error" and error["message"], (body, error)
    return status


def test_no_kind_of_value_makes_it_fall_over(server):
    pid = server.health()["pid"]
    for body in odd_requests():
        refused_well(server, body)
    assert server.health()["pid"] == pid and server.health()["models"][0]["breaker"] == "closed"
    assert server.ask("What is ai_bot?")[0] == 200


def test_no_kind_of_value_makes_it_fall_over_while_it_starts(make_server):
    server = make_server()
    bodies = [b for b in odd_requests() if b.get("stream")]
    for part in range(3):
        server.start(ready=False)
        wait_until(lambda: server.status("/api/health/live") == 200, "live")
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            assert all(pool.map(lambda body: refused_well(server, body), bodies[part * 97::300]))
        assert server.alive() and server.stop() == 0


def test_what_is_wrong_with_a_member_is_said(server):
    hi = [{"role": "user", "content": "hi"}]
    for member, value, what in (("stream_options", "x", "an object"), ("stream_options", [1], "an object"), ("stream_options", 5, "an object"),
                                ("max_tokens", "5", "a whole number"), ("max_tokens", 0.5, "a whole number"), ("temperature", "x", "a number"),
                                ("stop", 5, "a text or a list"), ("tools", {}, "a list"), ("model", [], "a text")):
        status, body = server.json("POST", "/v1/chat/completions", {"messages": hi, "stream": True, member: value})
        assert (status, body["error"]["message"]) == (400, f"{member}: must be {what}")
    # An empty object as PHP writes it, and null, are as good as nothing.
    for harmless in ([], None, {}):
        assert text_of(server.stream("What is ai_bot?", stream_options=harmless))
    assert server.ask("hi", stream_options={"include_usage": "yes"})[1]["error"]["message"] == "stream_options.include_usage: must be true or false"


def test_errors_speak_the_askers_language(server):
    status, body = server.json("POST", "/v1/chat/completions", {"messages": []}, {"Accept-Language": "zh-CN,zh"})
    assert status == 400 and body["error"]["message"] == "messages：必须是至少包含一条消息的列表"


def test_a_remote_model_and_its_failures(make_server, echo_endpoint):
    limits = dict(first_token_timeout="3s", between_tokens_timeout="3s")  # a busy machine takes its time too
    server = make_server(f"models:\n  - {remote_model(echo_endpoint, **limits)}\nrouter: {{retries: 0, breaker: {{failures: 1000}}}}\n").start()
    assert server.ask("hello you")[1]["choices"][0]["message"]["content"] == "hello you"
    assert text_of(server.stream("streamed you know")) == "streamed you know"
    assert server.ask("status 500")[0] == 503
    # It asks for a second's rest, and gets it: nobody is sent there meanwhile.
    assert server.ask("status 429")[0] == 429
    status, headers, content = server.request("POST", "/v1/chat/completions", json.dumps({"messages": [{"role": "user", "content": "hi"}]}))
    assert status == 429 and headers["Retry-After"] == "1" and "asked for a pause" in json.loads(content)["error"]["message"]
    wait_until(lambda: server.ask("hello")[0] == 200, "the rest is over")
    status, body = server.ask("status 400")
    assert status == 400 and "400: as asked" in body["error"]["message"]
    assert "endpoint-key" not in server.log()
    # First token too late: nothing was streamed yet, so it is a plain error.
    assert server.json("POST", "/v1/chat/completions", {"stream": True, "messages": [{"role": "user", "content": "slow 20"}]})[0] == 504
    # After the first token an error can only come as an event.
    for question, reason in (("stall now", "no further data within 3000 ms"), ("break now", "the model's answer broke off")):
        events = list(server.stream(question))
        assert text_of(e for e in events if "choices" in e).split()[0] == question.split()[0]
        assert reason in events[-1]["error"]["message"]


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_a_silent_stream_says_that_somebody_is_at_work(make_server, echo_endpoint, connection):
    server = make_server(f"server: {{port: $PORT, stream_ping: 200ms}}\nmodels: [{remote_model(echo_endpoint)}]\n").start()
    body = json.dumps({"stream": True, "messages": [{"role": "user", "content": "drip 3 words"}]})
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    client.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json", "Connection": connection})
    lines = [line.decode().strip() for line in client.getresponse()]
    assert lines.count(": still at work") >= 3 and lines[-2] == "data: [DONE]", lines


def test_health_says_how_long_a_model_rests_and_why(make_server, echo_endpoint):
    server = make_server(f"models: [{remote_model(echo_endpoint)}]\nrouter: {{retries: 0}}\n").start()
    assert server.ask("status 429")[0] == 429
    (model,) = server.health()["models"]
    assert 0 < model["pause_ms"] <= 1000 and model["problem"] == "the endpoint asked for a pause"
    wait_until(lambda: "pause_ms" not in server.health()["models"][0], "the pause is over")


def test_a_wrong_key_is_told_without_showing_it(make_server, echo_endpoint):
    server = make_server(f"models:\n  - {remote_model(echo_endpoint, api_key='wrong-key-000')}\n").start()
    status, body = server.ask("hi")
    assert status == 401 and "incorrect API key" in body["error"]["message"]
    assert "wrong-key-000" not in json.dumps(body) + server.log() + server.cli("config", "show").stdout


def test_the_next_model_takes_over_and_the_breaker_shows(make_server, echo_endpoint):
    dead = remote_model("http://127.0.0.1:9/v1", name="dead")
    server = make_server(f"models:\n  - {dead}\n  - {remote_model(echo_endpoint)}\nrouter: {{tiers: {{light: [dead]}}, fallback: [echo], retries: 0, breaker: {{failures: 2}}}}\n").start()
    for _ in range(3):
        assert server.ask("hello")[1]["choices"][0]["message"]["content"] == "hello"
    assert {m["name"]: m["breaker"] for m in server.health()["models"]} == {"dead": "open", "echo": "closed"}
    metrics = server.request("GET", "/metrics")[2].decode()
    assert 'ai_bot_breaker_state{model="dead",state="open"} 1' in metrics
    assert 'ai_bot_model_attempts_total{model="dead",outcome="unavailable"} 2' in metrics


def test_one_askers_faults_close_the_model_to_nobody(make_server, echo_endpoint):
    server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\nrouter: {{retries: 1, breaker: {{failures: 2}}}}\n").start()
    for status in (400, 403, 404, 409, 413, 422, 451):
        for _ in range(3):
            assert server.ask(f"status {status}")[0] == (404 if status == 404 else 400)
    assert server.ask("hello")[1]["choices"][0]["message"]["content"] == "hello"
    assert server.health()["models"][0]["breaker"] == "closed"


def test_what_a_local_model_cannot_do_closes_it_to_nobody(server):
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    odd = [dict(messages=[{"role": "user", "content": [{"type": "text", "text": "hi"}, image]}]),
           dict(tools=[{"type": "function"}]), dict(tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": 7}}}]),
           dict(messages=[{"role": "assistant", "tool_calls": [{"x": 1}]}, {"role": "user", "content": "hi"}]),
           dict(response_format={"type": "json_schema", "json_schema": {"schema": {"type": "nonsense"}}}), dict(grammar="root ::= [")]
    for fields in odd * 3:
        body = {"messages": [{"role": "user", "content": "hi"}], **fields}
        assert server.json("POST", "/v1/chat/completions", body)[0] in (200, 400)
    assert server.ask("What is ai_bot?")[0] == 200
    assert server.health()["models"][0]["breaker"] == "closed" and server.status("/api/health") == 200


def test_the_first_answer_comes_as_soon_as_a_killed_engine_is_back(make_server):
    server = make_server("engine: {restart_min: 1s}\nrouter: {breaker: {failures: 1}}\n").start()
    os.kill(server.engine_pid(), signal.SIGKILL)
    begun = time.monotonic()
    wait_until(lambda: server.health()["models"][0]["state"] != "ready", "its end is seen")
    # Whoever comes meanwhile waits for it, as at a start.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: server.ask("What is ai_bot?")[0], range(8)))
    back = wait_until(lambda: server.health()["models"][0]["state"] == "ready" and time.monotonic() - begun, "it is back")
    assert server.ask("What is ai_bot?")[0] == 200
    assert statuses == [200] * 8 and time.monotonic() - begun < back + 10


def test_a_users_control_tokens_are_text(make_server, plain_model):
    server = make_server(f"models:\n  - {{name: plain, type: local, path: {plain_model}}}\n").start()

    def prompt_tokens(text):
        body = {"messages": [{"role": "user", "content": text}], "max_tokens": 1}
        return server.json("POST", "/v1/chat/completions", body)[1]["usage"]["prompt_tokens"]
    nothing = prompt_tokens("")
    plain, marked = prompt_tokens("<|fnd|>" * 10) - nothing, prompt_tokens("<|end|>" * 10) - nothing
    assert marked >= plain, (plain, marked)


def test_an_asker_who_leaves_stops_the_generation(server):
    stream = server.stream("What is ai_bot?", max_tokens=100000, ignore_eos=True, n_predict=100000)
    next(stream)
    stream.close()

    def idle():
        # The engine's own slots, over its socket: none is busy any more.
        return server.json("GET", "/api/health")[1]["models"][0]["state"] == "ready" and server.ask("hi")[0] == 200
    begun = time.monotonic()
    wait_until(idle, "the engine is free again")
    assert time.monotonic() - begun < 30
    wait_until(lambda: 'outcome="cancelled"' in server.request("GET", "/metrics")[2].decode(), "counted as cancelled")
