"""Start, health, metrics and stop of the embedded default."""
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from conftest import BINARY, cli, free_port, wait_until


def test_a_newcomer_gets_an_answer(server):
    status, body = server.ask("What is ai_bot?")
    assert status == 200
    assert "assistant" in body["choices"][0]["message"]["content"]


def test_a_question_that_comes_before_the_model_is_up_is_answered(make_server):
    server = make_server().start(ready=False)
    wait_until(lambda: server.status("/api/health/live") == 200, "live")
    status, body = server.ask("What is ai_bot?")
    assert status == 200 and "ai_bot" in body["choices"][0]["message"]["content"]


def test_health_tells_ready_from_starting(make_server):
    server = make_server("engine: {command: /no/such/llama-server}\n").start(ready=False)
    wait_until(lambda: server.status("/api/health/live") == 200, "live")
    status, body = server.json("GET", "/api/health")
    assert status == 503
    assert body["status"] == "unavailable"
    assert "no model can answer" in body["reasons"]
    assert server.status("/api/health/ready") == 503
    assert "没有可用的模型" in server.health(**{"Accept-Language": "zh-CN"})["reasons"]
    wait_until(lambda: "not a program that can be run" in server.health()["models"][0].get("problem", ""), "the problem is told")


def test_health_summary(server):
    health = server.health()
    assert health["status"] == "ok" and health["reasons"] == []
    assert health["models"][0]["name"] == "guide" and health["models"][0]["state"] == "ready"
    assert health["models"][0]["breaker"] == "closed"
    assert health["inbox"] == {"open": 0, "dead": 0} and health["outbox"] == {"open": 0, "dead": 0}


def test_metrics_satisfy_promtool(server):
    status, answer = server.ask("What is ai_bot?")
    assert status == 200, answer
    server.status("/no/such/path")
    status, headers, text = server.request("GET", "/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for name in ("ai_bot_http_requests_total", "ai_bot_http_request_duration_seconds_bucket", "ai_bot_inbox_entries", "ai_bot_outbox_entries",
                 "ai_bot_turns", "ai_bot_lanes", "ai_bot_model_first_token_seconds_bucket", "ai_bot_model_tokens_per_second_bucket",
                 "ai_bot_breaker_state", "ai_bot_ready 1", "process_resident_memory_bytes", "process_cpu_seconds_total"):
        assert name.encode() in text, name
    assert b'route="other"' in text and b"/no/such/path" not in text


def test_an_orderly_stop_exits_0_and_leaves_no_engine(server):
    engine = server.engine_pid()
    os.kill(engine, 0)
    assert server.stop() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(engine, 0)


def test_a_stop_ends_in_time_though_an_engine_hangs(make_server):
    server = make_server("server: {port: $PORT, shutdown_grace: 1s}\nengine: {stop_timeout: 1m}\n").start()
    engine = server.engine_pid()
    os.kill(engine, signal.SIGSTOP)
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 1 + 2
    assert not os.path.exists(f"/proc/{engine}")


def test_a_stop_ends_in_time_though_platforms_are_silent(make_server):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        channels = "".join(f'  - {{name: t{n}, type: telegram, mode: connect, bot_token: "1234567{n}:{"A" * 35}", base_url: "{url}"}}\n' for n in range(6))
        server = make_server(f"server: {{port: $PORT, shutdown_grace: 1s}}\nchannels:\n{channels}").start()
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 1 + 2
    assert "identity_unknown" not in server.log()


def test_kill_9_leaves_no_engine(server):
    engine = server.engine_pid()
    server.stop(signal.SIGKILL)

    def gone():
        try:
            with open(f"/proc/{engine}/stat", encoding="ascii") as stat:
                return ") Z" in stat.read()
        except OSError:
            return True
    wait_until(gone, "the engine is gone")


def test_a_port_in_use_is_told(server, make_server):
    second = make_server(f"server: {{port: {server.port}}}\n")
    second.data = server.folder / "data2"
    second.configure(f"server: {{port: {server.port}}}\n")
    result = second.cli("serve")
    assert result.returncode == 1
    assert result.stderr == (f"error: can't listen on 127.0.0.1 port {server.port}: Address already in use. Stop the program that uses it "
                             "(ss -ltnp shows it), or choose another with server.port or --port\n")


def test_a_data_folder_in_use_is_told(server):
    result = server.cli("serve", "--port", str(free_port()))
    assert result.returncode == 1
    assert result.stderr == (f"error: another ai_bot (process {server.process.pid}) uses {server.data} already: stop it, or choose another data_dir\n")


def test_a_wrong_configuration_is_told_with_all_its_errors(folder):
    path = folder / "wrong.yaml"
    path.write_text("server:\n  port: 99999\n  listen: 0.0.0.0\nlog: {level: loud}\n")
    result = cli("serve", "-c", str(path))
    assert result.returncode == 1
    assert f"error: {path}:2: server.port: is out of range: 1 to 65535" in result.stderr
    assert f"error: {path}:3: server.listen: '0.0.0.0' is not a loopback address." in result.stderr
    assert f"error: {path}:4: log.level: 'loud' is not allowed; allowed: debug, info, warning, error" in result.stderr


def test_a_public_address_on_the_command_line_is_refused():
    result = cli("serve", "--listen", "0.0.0.0")
    assert result.returncode == 2
    assert "only a loopback address is allowed while there is no access control" in result.stderr


def test_logs_are_json_with_the_request_id(server):
    server.json("POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}], "model": "nobody"}, {"X-Request-Id": "my-request-1"})
    server.stop()
    lines = [json.loads(line) for line in server.log().splitlines()]
    actions = [line["event.action"] for line in lines]
    assert "server.listening" in actions and "engine.ready" in actions and "server.stopping" in actions
    for line in lines:
        assert {"@timestamp", "log.level", "message", "ecs.version", "service.name", "event.action"} <= set(line)


def test_sighup_reloads_and_says_what_needs_a_restart(make_server):
    server = make_server("log: {level: info}\n").start()
    server.configure("log: {level: debug}\ndatabase: {max_batch: 16}\n")
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "config.needs_restart" in server.log() and "config.reloaded" in server.log(), "reloaded")
    lines = [json.loads(line) for line in server.log().splitlines()]
    assert {line.get("ai_bot.key") for line in lines if line["event.action"] == "config.reloaded"} == {"log.level"}
    assert {line.get("ai_bot.key") for line in lines if line["event.action"] == "config.needs_restart"} == {"database.max_batch"}
    server.configure("log: {level: loud}\n")
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "config.reload_failed" in server.log(), "the wrong one is refused")
    assert server.status("/api/health") == 200


def test_closing_its_terminal_stops_it(make_server, on_terminal):
    server = make_server()
    serve = on_terminal(BINARY, "serve", "-c", str(server.config), environment=server.environment)
    serve.shows(f"chat --url {server.url}")
    serve.shows("Stop with Ctrl-C.")
    wait_until(lambda: server.status("/api/health") == 200, "healthy")
    serve.close()
    serve.exit_code()
    assert server.status("/api/health/live") == 0


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_names_the_commands(shell):
    assert "serve" in cli("completion", shell).stdout
    script = cli("completion", "bash").stdout
    words = subprocess.run(["bash", "-c", script + "\nCOMP_WORDS=(ai_bot model ''); COMP_CWORD=2; _ai_bot; echo ${COMPREPLY[@]}"], capture_output=True, text=True)
    assert {"list", "use", "status", "quantize", "bench"} <= set(words.stdout.split())
    assert os.access(BINARY, os.X_OK)
