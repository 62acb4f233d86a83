"""Connections of ai_bot's own (mode: connect): what ends them, and what is done about it."""
import asyncio
import json
import socket
import subprocess
import time

import pytest

from conftest import KEPT_FREED, free_port, remote_model, wait_until
from test_platforms import FAST, MAKERS, Connected, connect_out, written_by  # noqa: F401  (fixtures)


@pytest.fixture
def begin(make_server, echo_endpoint):
    """Starts the server without waiting for the connection."""
    def begin(name, change=lambda platform: None, settings=FAST):
        platform = MAKERS[name]()
        platform.webhook = ""
        change(platform)
        server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\nchannels:\n  - {platform.connect_config(platform.api)}\n{settings}").start()
        made.append(Connected(platform, server, name))
        return made[-1]

    made = []
    yield begin
    for connection in made:
        assert connection.platform.refused == []


def state(connected):
    (one,) = connected.server.health()["connections"]
    return one


def lines(connected, action):
    return [line for line in map(json.loads, connected.server.log().splitlines()) if line["event.action"] == action]


FINAL = {4014: "Message Content Intent", 4004: "reset it on the Bot page", 4013: "Message Content Intent", 4010: "shard", 4011: "shard", 4012: "update ai_bot"}


@pytest.mark.parametrize("code", FINAL)
def test_what_discord_refuses_for_good_is_said_once_and_not_tried_again_and_again(begin, code):
    from simulator import Close

    def refuse(platform):
        answer = platform.on_frame
        platform.socket.on_frame = lambda frame: answer(frame) and [Close(code, "as asked")]

    connected = begin("discord", refuse)
    wait_until(lambda: state(connected)["state"] == "refused", lambda: state(connected))
    assert FINAL[code] in state(connected)["problem"]
    time.sleep(4)  # in which the old backoff identified three times more
    assert len(connected.platform.identified) == 1
    (error,) = lines(connected, "channel.connect_failed")
    assert error["log.level"] == "error" and FINAL[code] in error["message"]


def test_once_the_switch_is_on_a_reload_connects(begin):
    connected = begin("discord", lambda platform: setattr(platform, "has_content_intent", False))
    wait_until(lambda: state(connected)["state"] == "refused", lambda: state(connected))
    listed = json.loads(connected.server.cli("channel", "list", "--json").stdout)
    assert [channel["state"].split(":")[0] for channel in listed if channel["mode"] == "connect"] == ["refused"]
    assert "discord: " in connected.server.cli("status").stdout
    doctor = connected.server.cli("doctor")
    assert "Message Content Intent" in doctor.stdout, doctor
    connected.platform.has_content_intent = True
    import signal
    connected.server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: state(connected)["state"] == "connected", lambda: connected.server.log()[-2000:])
    connected.platform.offer(connected.platform.message("after the switch"))
    connected.sees("after the switch")


def test_a_token_that_is_wrong_is_said_and_not_tried_again_and_again(begin):
    for name in ("discord", "slack", "feishu", "dingtalk"):
        import discord, dingtalk, feishu, slack
        wrong = {"discord": (discord.BOT_TOKEN, "not-the-token"), "slack": (slack.APP_TOKEN, "xapp-wrong"),
                 "feishu": (feishu.APP_SECRET, "not-the-secret"), "dingtalk": (dingtalk.CLIENT_SECRET, "not-the-secret")}[name]
        connected = begin(name, lambda platform: setattr(platform, "connect_config", lambda api, c=platform.connect_config: c(api).replace(*wrong)))
        wait_until(lambda: state(connected)["state"] == "refused", lambda: (name, state(connected), connected.server.log()))
        asked = len(connected.platform.calls)
        time.sleep(2.5)
        assert len([c for c in connected.platform.calls[asked:] if "gateway" in c[1] or "connections" in c[1] or "endpoint" in c[1]]) == 0, name
        connected.server.stop()


def test_discords_limit_of_sessions_is_respected(begin):
    connected = begin("discord", lambda platform: setattr(platform, "starts", 3))
    wait_until(lambda: state(connected)["state"] == "waiting" and "session_start_limit" in state(connected).get("problem", ""), lambda: state(connected))
    time.sleep(2)
    assert connected.platform.identified == []
    (warning,) = lines(connected, "channel.connect_failed")
    assert warning["ai_bot.retry_ms"] == 14400000


def test_a_connection_that_ends_as_soon_as_it_opens_is_tried_less_and_less(begin):
    from simulator import Close
    connected = begin("discord", lambda platform: setattr(platform.socket, "on_frame", lambda frame: [Close(4000, "unknown error")]))
    time.sleep(9)
    assert 2 <= connected.platform.socket.connections <= 5
    assert state(connected)["problem"] == "the platform ended the connection (code 4000 'unknown error')"


@pytest.mark.parametrize("code", [4000, 4001, 4008, 1006, 1011])
def test_after_a_code_that_may_be_resumed_the_session_is_resumed(connect_out, code):  # noqa: F811
    connected = connect_out("discord")
    platform = connected.platform
    platform.offer(platform.message("before"))
    connected.sees("before")
    last = platform.sequence
    platform.socket.drop(code) if code != 1006 else platform.socket.loop.call_soon_threadsafe(platform.socket.client.transport.abort)
    wait_until(lambda: platform.resumed == [("session-1", last)], lambda: platform.resumed)
    assert len(platform.identified) == 1


@pytest.mark.parametrize("code", [4007, 4009])
def test_after_a_code_that_ends_the_session_a_new_one_is_begun(connect_out, code):  # noqa: F811
    connected = connect_out("discord")
    platform = connected.platform
    wait_until(lambda: platform.identified, "the first session")
    platform.socket.drop(code)
    wait_until(lambda: len(platform.identified) == 2 and platform.socket.client, lambda: platform.resumed)
    assert platform.resumed == []
    platform.offer(platform.message("in the new session"))
    connected.sees("in the new session")


def test_discords_own_wish_to_reconnect_keeps_the_session(connect_out):  # noqa: F811
    connected = connect_out("discord")
    platform = connected.platform
    platform.offer(platform.message("before"))
    connected.sees("before")
    platform.socket.push({"op": 7, "d": None})
    wait_until(lambda: platform.resumed == [("session-1", platform.sequence - 1)], lambda: (platform.resumed, platform.socket.closed))
    assert platform.socket.closed[0] not in (1000, 1001) and len(platform.identified) == 1


def test_a_heartbeat_without_an_answer_means_a_new_connection(connect_out):  # noqa: F811
    connected = connect_out("discord")
    platform = connected.platform
    wait_until(lambda: platform.session, "the session")
    platform.acknowledges = False
    wait_until(lambda: platform.resumed, lambda: platform.socket.frames)
    platform.acknowledges = True
    wait_until(lambda: platform.socket.client, "the new connection")
    platform.offer(platform.message("heard again"))
    connected.sees("heard again")


@pytest.mark.parametrize("name", ["slack", "dingtalk", "feishu"])
def test_a_platform_that_falls_silent_is_connected_to_again(begin, name):
    connected = begin(name, settings="delivery: {backoff_min: 50ms, backoff_max: 200ms, timeout: 1s}\n")
    socket = connected.platform.socket
    wait_until(lambda: socket.client and state(connected)["state"] == "connected", "the connection")
    socket.go_deaf()
    wait_until(lambda: socket.connections == 2, lambda: connected.server.log()[-2000:])
    socket.deaf = False
    wait_until(lambda: socket.client, "the new connection")
    connected.platform.offer(written_by(connected, "heard again"))
    connected.sees("heard again")


def test_what_could_not_be_taken_in_is_sent_again_by_discord(begin, echo_endpoint):
    connected = begin("discord", settings=FAST + "database: {max_pending: 1}\nassistant: {max_parallel_turns: 1}\n")
    platform = connected.platform
    wait_until(lambda: platform.session and state(connected)["state"] == "connected", lambda: state(connected))
    turns = lambda: connected.server.health()["turns"]  # noqa: E731
    for number in range(6):
        if number == 1:
            wait_until(lambda: turns()["running"] == 1, turns)
        if number == 2:  # the first is being answered, the second waits, and there is no room for another
            wait_until(lambda: turns()["waiting"] == 1, turns)
        if platform.socket.client:  # none while ai_bot waits to connect again; the rest it is told then
            platform.offer(platform.message(f"slow 2 message {number}", channel_id=f"c{number}"))
        else:
            platform.keep(platform.message(f"slow 2 message {number}", channel_id=f"c{number}"))
    for number in range(6):
        connected.sees(f"message {number}")
    assert connected.outcomes("full") >= 1 and len(platform.texts()) == 6 and len(platform.identified) == 1


def test_a_failed_upgrade_is_said_once_with_its_reason(begin):
    connected = begin("slack", lambda platform: setattr(platform.socket, "url", f"ws://127.0.0.1:{free_port()}"))
    wait_until(lambda: connected.platform.calls.count(("POST", "/api/apps.connections.open")) >= 3, lambda: connected.platform.calls)
    (warning,) = lines(connected, "channel.connect_failed")
    assert "no WebSocket at 127.0.0.1" in warning["message"] and state(connected)["state"] == "waiting"


@pytest.fixture
def proxy(folder):
    """Debian's tinyproxy: starts one with a line of configuration more; its port, and where it says what it was asked."""
    started = []

    def start(line=""):
        port, log = free_port(), folder / f"tinyproxy-{len(started)}.log"
        configuration = folder / f"tinyproxy-{len(started)}.conf"
        configuration.write_text(f'Port {port}\nListen 127.0.0.1\nTimeout 600\nMaxClients 100\nLogFile "{log}"\nLogLevel Connect\n{line}\n', encoding="utf-8")
        started.append(subprocess.Popen(["tinyproxy", "-d", "-c", str(configuration)], stdout=subprocess.DEVNULL))

        def is_up():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(is_up, "tinyproxy")
        return port, log

    yield start
    for process in started:
        process.kill()
        process.wait()


def by_proxy(port):
    def change(platform):
        written = platform.connect_config
        platform.connect_config = lambda api: written(api)[:-1] + f', proxy: "http://127.0.0.1:{port}"}}'
    return change


@pytest.mark.parametrize("name", ["slack", "dingtalk", "feishu", "discord"])
def test_a_connection_goes_through_the_channels_proxy(begin, proxy, name):
    port, log = proxy()
    connected = begin(name, by_proxy(port))
    wait_until(lambda: connected.platform.socket.client, lambda: connected.server.log()[-2000:])
    connected.platform.offer(written_by(connected, "by proxy"))
    connected.sees("by proxy")
    assert f"CONNECT 127.0.0.1:{connected.platform.socket.port} HTTP/1.1" in log.read_text(encoding="utf-8")


def test_a_proxy_that_lets_no_connection_through_is_told(begin, proxy):
    connected = begin("slack", by_proxy(proxy("ConnectPort 443")[0]))
    wait_until(lambda: "the proxy answers HTTP 403" in state(connected).get("problem", ""), lambda: state(connected))
    assert connected.platform.socket.connections == 0


@pytest.mark.parametrize("name", ["slack", "feishu"])  # text and binary frames
def test_a_message_without_end_ends_its_connection_and_costs_no_memory(begin, name):
    connected = begin(name)
    platform = connected.platform
    wait_until(lambda: platform.socket.client, "the connection")
    before = connected.server.memory()["VmRSS"]
    client, huge = platform.socket.client, "x" * (128 << 20)
    asyncio.run_coroutine_threadsafe(client.send(huge if name == "slack" else huge.encode()), platform.socket.loop)
    wait_until(lambda: platform.socket.connections == 2, lambda: connected.server.log()[-2000:])
    assert "a message is larger than 8388608 bytes" in connected.server.log()
    assert connected.server.memory()["VmRSS"] < before + 16 + KEPT_FREED
    wait_until(lambda: platform.socket.client, "the new connection")
    platform.offer(written_by(connected, "heard again"))
    connected.sees("heard again")


def test_a_socket_elsewhere_gets_no_connection(begin):
    from simulator import Socket
    evil = Socket(lambda: [], lambda frame: None)
    connected = begin("discord", lambda platform: setattr(platform.socket, "url", f"ws://localhost:{evil.port}"))
    wait_until(lambda: "not its own" in state(connected).get("problem", ""), lambda: state(connected))
    assert evil.connections == 0


def test_half_an_emoji_does_not_stop_the_poll(begin):
    connected = begin("telegram")
    platform = connected.platform
    broken = platform.direct("hello \ud83d there")
    broken["message"]["from"]["first_name"] = "Ann \ude00"
    platform.offer(broken)
    platform.offer(platform.direct("the next one"))
    connected.sees("the next one")
    connected.sees("hello \ufffd there")


def test_half_an_emoji_is_answered_over_every_connection(begin):
    for name in ("slack", "dingtalk", "feishu", "discord"):
        connected = begin(name)
        wait_until(lambda: connected.platform.socket.client, "the connection")
        connected.platform.offer(written_by(connected, "cut \ud83d here"))
        connected.sees("cut \ufffd here")
        connected.server.stop()
