"""The generic channel: verified, acknowledged after the commit, answered once."""
import json
import threading
import http.server

import pytest

from api import event, post_event, signed
from callbacks import Callbacks
from conftest import SECRET, free_port, remote_model, wait_until

CHANNELS = f"channels:\n  - {{name: hook, default: true, secret: {SECRET}}}\n"


@pytest.fixture
def echo(make_server, echo_endpoint):
    return make_server(f"models:\n  - {remote_model(echo_endpoint)}\n{CHANNELS}").start()


def test_the_answer_comes_in_the_response(echo):
    assert post_event(echo, SECRET, "e1", "hello there") == (200, {"event_id": "e1", "status": "answered", "text": "hello there"})
    assert post_event(echo, SECRET, "e2", "default channel", path="/api/webhook") == (200, {"event_id": "e2", "status": "answered", "text": "default channel"})
    assert post_event(echo, SECRET, "e3", "你好 😀")[1]["text"] == "你好 😀"


def test_a_repeated_event_fetches_its_answer_and_is_not_answered_again(echo):
    first = post_event(echo, SECRET, "e1", "hello")
    assert post_event(echo, SECRET, "e1", "hello") == first
    metrics = lambda: echo.request("GET", "/metrics")[2].decode()
    # Counted when the answer is on its way already.
    wait_until(lambda: 'ai_bot_events_total{channel="hook",outcome="duplicate"} 1' in metrics(), metrics)
    assert 'ai_bot_model_attempts_total{model="echo",outcome="ok"} 1' in metrics()


def test_after_the_deadline_202_and_later_the_answer(make_server, echo_endpoint):
    server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\n" + CHANNELS.replace("default: true", "sync_deadline: 100ms")).start()
    status, body = post_event(server, SECRET, "e1", "slow 1")
    assert (status, body) == (202, {"event_id": "e1", "status": "accepted"})
    answered = wait_until(lambda: (r := post_event(server, SECRET, "e1", "slow 1"))[0] == 200 and r, "the answer")
    assert answered[1]["text"] == "slow 1"


def test_bad_requests_are_refused(echo):
    body = event("e1", "hi")
    assert echo.request("POST", "/api/webhook/hook", body)[0] == 401
    assert echo.request("POST", "/api/webhook/hook", body, signed("another secret 12", body))[0] == 401
    assert echo.request("POST", "/api/webhook/hook", body, signed(SECRET, body, timestamp=1000))[0] == 401
    assert echo.request("POST", "/api/webhook/nobody", body, signed(SECRET, body))[0] == 404
    assert echo.request("GET", "/api/webhook/hook")[0] == 405
    status, reply = post_event(echo, SECRET, "", "hi")
    assert status == 400 and reply["error"]["message"] == "event_id: must not be empty"
    status, _, content = echo.request("POST", "/api/webhook/hook", b"", {**signed(SECRET, b""), "Accept-Language": "zh"})
    assert status == 400 and "请求正文为空；应为 JSON 对象" in content.decode()
    assert echo.health()["inbox"]["open"] == 0


def test_limits_on_body_and_headers(echo):
    big = b"x" * (1 << 20) + b"x"
    assert echo.request("POST", "/api/webhook/hook", big, signed(SECRET, big))[0] == 413
    assert echo.request("GET", "/api/health", headers={"X-Long": "x" * 20000})[0] == 431
    assert 'route="refused",status="431"' in echo.request("GET", "/metrics")[2].decode()
    long_text = event("e1", "x" * 33000)
    status, _, content = echo.request("POST", "/api/webhook/hook", long_text, signed(SECRET, long_text))
    assert status == 400 and b"text: is longer than 32768 bytes" in content


def test_signed_callbacks_are_repeated_under_the_same_key(make_server, echo_endpoint):
    callbacks = Callbacks([500, 503])
    server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\nchannels:\n  - {{name: hook, secret: {SECRET}, mode: callback, callback_url: '{callbacks.url}'}}\n"
                         "delivery: {backoff_min: 10ms}\n").start()
    assert post_event(server, SECRET, "e1", "hello") == (200, {"event_id": "e1", "status": "accepted"})
    assert post_event(server, SECRET, "e1", "hello") == (200, {"event_id": "e1", "status": "duplicate"})
    wait_until(lambda: len(callbacks.got) >= 3, "three attempts")
    wait_until(lambda: server.health()["outbox"]["open"] == 0, "delivered")
    assert len(callbacks.got) == 3
    headers, fields, body = callbacks.got[-1]
    assert fields["text"] == "hello" and fields["event_id"] == "e1" and fields["kind"] == "answer"
    assert {g[0]["Idempotency-Key"] for g in callbacks.got} == {fields["idempotency_key"]}
    assert signed(SECRET, body, headers["X-Ai-Bot-Timestamp"])["X-Ai-Bot-Signature"] == headers["X-Ai-Bot-Signature"]


def test_the_request_id_follows_a_message_and_texts_stay_out_of_the_log(make_server, echo_endpoint):
    callbacks = Callbacks()
    channel = f"channels:\n  - {{name: hook, secret: {SECRET}, mode: callback, callback_url: '{callbacks.url}'}}\n"
    server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\nlog: {{level: debug}}\n{channel}").start()
    body = event("e1", "a private question")
    assert server.request("POST", "/api/webhook/hook", body, {**signed(SECRET, body), "X-Request-Id": "my-request-1"})[0] == 200
    wait_until(lambda: callbacks.got, "the callback")
    assert callbacks.got[0][0]["X-Request-Id"] == "my-request-1"
    wait_until(lambda: "turn.answered" in server.log(), "the log")
    lines = [json.loads(line) for line in server.log().splitlines()]
    assert {"event.acknowledged", "turn.answered"} <= {line["event.action"] for line in lines if line.get("http.request.id") == "my-request-1"}
    assert "private" not in server.log() and SECRET not in server.log()
    server.stop()
    server.configure(f"models:\n  - {remote_model(echo_endpoint)}\nlog: {{message_text: true}}\n{channel}")
    server.start()
    post_event(server, SECRET, "e2", "a question to be logged")
    wait_until(lambda: "a question to be logged" in server.log(), "the texts, as asked for")


def test_dead_letters_are_shown_and_replayed(make_server, echo_endpoint):
    callbacks = Callbacks([404])
    server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\nchannels:\n  - {{name: hook, secret: {SECRET}, mode: callback, callback_url: '{callbacks.url}'}}\n").start()
    post_event(server, SECRET, "e1", "hello")
    wait_until(lambda: server.health()["outbox"]["dead"] == 1, "a dead letter")
    doctor = server.cli("doctor")
    assert "the reply to e1 of hook was not delivered: HTTP status 404" in doctor.stdout
    assert "fix: send them again: ai_bot doctor --replay" in doctor.stdout
    assert server.cli("doctor", "--replay").stdout == "Opened again: 0 messages, 1 replies.\n"
    wait_until(lambda: len(callbacks.got) == 2 and server.health()["outbox"] == {"open": 0, "dead": 0}, "delivered")


def test_when_no_model_answers_the_asker_is_told_and_answered_later(make_server, echo_endpoint):
    port = free_port()
    server = make_server(f"models:\n  - {remote_model(f'http://127.0.0.1:{port}/v1')}\n{CHANNELS}assistant: {{retry_min: 100ms, retry_max: 200ms}}\n"
                         "router: {breaker: {failures: 1000}}\n").start(ready=False)
    wait_until(lambda: server.status("/api/health/live") == 200, "live")
    status, body = post_event(server, SECRET, "e1", "你好")
    assert (status, body["status"]) == (202, "postponed")
    assert body["text"] == "抱歉，目前没有可用的模型。您的消息已保存，模型恢复后会立即回答。"
    # The endpoint comes up at that address: forwarded to the one that runs.
    import socketserver, socket, select
    target = int(echo_endpoint.rsplit(":", 1)[1].split("/")[0])

    class Forward(socketserver.BaseRequestHandler):
        def handle(self):
            with socket.create_connection(("127.0.0.1", target)) as other:
                pair = {self.request: other, other: self.request}
                while True:
                    for ready in select.select(list(pair), [], [])[0]:
                        data = ready.recv(65536)
                        if not data:
                            return
                        pair[ready].sendall(data)

    socketserver.ThreadingTCPServer.daemon_threads = True
    forward = socketserver.ThreadingTCPServer(("127.0.0.1", port), Forward)
    threading.Thread(target=forward.serve_forever, daemon=True).start()
    answered = wait_until(lambda: (r := post_event(server, SECRET, "e1", "你好"))[0] == 200 and r, "the answer")
    assert answered[1]["text"] == "你好"
    forward.shutdown()


def test_too_many_waiting_events_are_refused_for_the_platform_to_repeat(make_server, echo_endpoint):
    server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\nassistant: {{max_parallel_turns: 1}}\ndatabase: {{max_pending: 2}}\n"
                         + CHANNELS.replace("default: true", "sync_deadline: 1ms")).start()
    results = [post_event(server, SECRET, f"e{i}", "slow 3", conversation=f"room{i}")[0] for i in range(6)]
    assert 503 in results and results[0] == 202
    assert set(results) <= {202, 503}
    wait_until(lambda: server.health()["inbox"]["open"] == 0, "all acknowledged ones are answered")


def test_a_flooded_channel_leaves_room_for_the_others(make_server, echo_endpoint):
    channels = "channels:\n" + "".join(f"  - {{name: {name}, secret: {SECRET}, sync_deadline: 1ms}}\n" for name in ("hook", "other"))
    server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\nassistant: {{max_parallel_turns: 1}}\ndatabase: {{max_pending: 8}}\n" + channels).start()
    flood = [post_event(server, SECRET, f"e{i}", "slow 3", conversation=f"room{i}")[0] for i in range(12)]
    assert flood[0] == 202 and flood.count(503) >= 6  # four wait, and what was begun meanwhile
    assert post_event(server, SECRET, "o1", "hello", path="/api/webhook/other")[0] == 202
    wait_until(lambda: server.health()["inbox"]["open"] == 0, "all acknowledged ones are answered")


def test_conversations_keep_their_order_and_commands_work(echo):
    assert post_event(echo, SECRET, "e1", "/help")[1]["text"].startswith("/help – this list")
    assert post_event(echo, SECRET, "e2", "/状态")[1]["text"].startswith("ai_bot 正在运行。\n- echo: ready")
    assert post_event(echo, SECRET, "e3", "/new")[1]["text"] == "A new conversation begins."
