"""The OpenAI-compatible API: by the official client, and where that does not look."""
import json
import subprocess
import time

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
    # What is not ours to judge never makes us fall over.
    assert server.ask("What is ai_bot?", stream_options={"include_usage": "yes"})[0] in (200, 400)
    assert server.status("/api/health") == 200


def test_errors_speak_the_askers_language(server):
    status, body = server.json("POST", "/v1/chat/completions", {"messages": []}, {"Accept-Language": "zh-CN,zh"})
    assert status == 400 and body["error"]["message"] == "messages：必须是至少包含一条消息的列表"


def test_a_remote_model_and_its_failures(make_server, echo_endpoint):
    limits = dict(first_token_timeout="3s", between_tokens_timeout="3s")  # a busy machine takes its time too
    server = make_server(f"models:\n  - {remote_model(echo_endpoint, **limits)}\nrouter: {{retries: 0, breaker: {{failures: 1000}}}}\n").start()
    assert server.ask("hello you")[1]["choices"][0]["message"]["content"] == "hello you"
    assert text_of(server.stream("streamed you know")) == "streamed you know"
    assert server.ask("status 429")[0] == 429
    assert server.ask("status 500")[0] == 503
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
