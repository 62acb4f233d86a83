"""What one connection may cost, and that every client gets its answer: old and closing ones, slow ones, those behind
a proxy, those that send ahead, those that read nothing."""
import json
import os
import socket
import subprocess
import time

import pytest

from api import event, post_event, signed
from conftest import KEPT_FREED, SECRET, free_port, remote_model, wait_until


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def http(path="/api/health/live", method="GET", body=b"", version="1.1", **headers):
    """One request as bytes."""
    lines = [f"{method} {path} HTTP/{version}", "Host: 127.0.0.1"] + [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]
    if body:
        lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chat(question, stream=True, **headers):
    body = json.dumps({"stream": stream, "messages": [{"role": "user", "content": question}]}).encode()
    return http("/v1/chat/completions", "POST", body, **headers)


def read_all(connection):
    """What comes until the other side closes."""
    data = b""
    while piece := connection.recv(65536):
        data += piece
    return data


def send_until_refused(connection, piece, most):
    """Sends the piece again and again, reading nothing; how many bytes went out. Ends by itself."""
    connection.settimeout(2)
    sent = 0
    try:
        while sent < most:
            sent += connection.send(piece)
    except OSError:
        pass
    return sent


def files(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def echo_server(make_server, echo_endpoint, more=""):
    return make_server(f"models: [{remote_model(echo_endpoint)}]\n"
                       f'channels: [{{name: hook, default: true, secret: "{SECRET}"}}]\n{more}').start()


# --- what is served

def test_nothing_but_routes_is_served(make_server, folder):
    site = folder / "site"
    site.mkdir()
    for name in ("secret.txt", "page.html", "index.html", "noextension", ".env"):
        (site / name).write_text("a secret")
    (site / "link.txt").symlink_to("/etc/passwd")
    (site / "sub").mkdir()
    server = make_server().start(command=["env", "-C", str(site)])
    missing = server.request("GET", "/missing.txt")
    assert missing[0] == 404
    for path in ("/secret.txt", "/page.html", "/index.html", "/noextension", "/.env", "/link.txt", "/sub", "/sub/", "/",
                 "/secret.txt%00.html", "/./secret.txt", "//secret.txt", "/../../etc/passwd", "/%2e%2e/etc/passwd", "/etc/shadow"):
        reply = server.request("GET", path)
        assert (reply[0], reply[2]) == (404, missing[2]) or reply[0] in (403, 400) and path.startswith(("/..", "/%2e")), path
    assert server.request("GET", "/api/webhook/nobody")[0] == 404
    assert b"no such channel" in server.request("POST", "/api/webhook/nobody", b"{}")[2]


@pytest.mark.parametrize("path", ["/V1/models", "/v1/Models", "/%76%31/models", "/api%2fhealth", "/API/HEALTH", "/METRICS", "/v1/models/"])
def test_a_route_is_what_it_is_written_like(server, path):
    assert server.request("GET", path)[0] == 404


def test_a_stop_answers_everybody_within_one_grace(make_server, echo_endpoint):
    server = echo_server(make_server, echo_endpoint, "server: {port: $PORT, shutdown_grace: 3s}\n")
    body = event("e1", "slow 40")
    hook = b"".join(f"{k}: {v}\r\n".encode() for k, v in signed(SECRET, body).items())
    with connect(server) as first, connect(server) as second, connect(server) as third:
        first.sendall(chat("slow 40", stream=False))
        second.sendall(chat("slow 40"))
        third.sendall(b"POST /api/webhook HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), hook, body))
        wait_until(lambda: server.health()["turns"]["running"] == 1, "the turn has begun")
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 3 + 3
        replies = [read_all(connection) for connection in (first, second, third)]
    assert b" 503 " in replies[0] and b"etry-" in replies[0] and b" 503 " in replies[1], replies
    assert b" 202 " in replies[2] and b"postponed" in replies[2], replies


# --- streams on connections that end

@pytest.mark.parametrize("version, headers", [("1.0", {}), ("1.0", {"Connection": "keep-alive"}), ("1.1", {"Connection": "close"})])
def test_a_stream_comes_whole_where_the_connection_ends_with_it(make_server, echo_endpoint, version, headers):
    server = echo_server(make_server, echo_endpoint)
    with connect(server) as connection:
        connection.sendall(chat("one two three", version=version, **headers))
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
    assert b" 200 " in head and b"chunked" not in head.lower()
    events = [line for line in body.decode().split("\n\n") if line]
    assert events[-1] == "data: [DONE]"
    words = [json.loads(e[6:])["choices"][0]["delta"].get("content", "") for e in events[:-1]]
    assert "".join(words) == "one two three"
    assert 'route="/v1/chat/completions",status="200"' in server.request("GET", "/metrics")[2].decode()


def test_a_stream_that_fails_at_once_says_so_there_too(make_server, echo_endpoint):
    server = echo_server(make_server, echo_endpoint)
    with connect(server) as connection:
        connection.sendall(chat("status 400", Connection="close"))
        assert b" 400 " in read_all(connection).split(b"\r\n")[0]


@pytest.fixture
def nginx(folder):
    """Debian's nginx before a port, with nothing configured but proxy_pass: its port."""
    processes = []

    def start(port):
        mine = free_port()
        (folder / "nginx.conf").write_text(
            f"pid {folder}/nginx.pid; error_log {folder}/nginx.log; daemon off; worker_processes 1; user root;\n"
            f"events {{}}\nhttp {{ access_log off;\n"
            + "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) +
            f"server {{ listen 127.0.0.1:{mine}; location / {{ proxy_pass http://127.0.0.1:{port}; }} }} }}\n")
        processes.append(subprocess.Popen(["/usr/sbin/nginx", "-e", f"{folder}/nginx.log", "-c", f"{folder}/nginx.conf"]))

        def is_up():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", mine)) == 0

        wait_until(is_up, lambda: (folder / "nginx.log").read_text())
        return mine

    yield start
    for process in processes:
        process.terminate()
        process.wait(30)


def test_behind_nginx_with_its_defaults(make_server, echo_endpoint, nginx):
    server = echo_server(make_server, echo_endpoint)
    behind = type(server).__mro__[1](nginx(server.port))
    chunks = list(behind.stream("one two three"))
    assert chunks[-1] == "[DONE]" and len(chunks) > 3
    assert behind.ask("whole")[1]["choices"][0]["message"]["content"] == "whole"
    assert post_event(behind, SECRET, "e1", "hello")[1]["text"] == "hello"
    assert behind.request("GET", "/api/health")[0] == 200


# --- clients that send ahead

def test_answers_come_in_the_order_of_their_requests(make_server, echo_endpoint):
    server = echo_server(make_server, echo_endpoint)
    with connect(server) as connection:
        connection.sendall(chat("slow 1", stream=False) + http() + chat("one two") + http("/v1/models") + b"\r\n" + http(Connection="close"))
        data = read_all(connection).decode()
    places = [data.find(text) for text in ('"content":"slow 1"', '{"status":"ok"}', "[DONE]", '"object":"list"')]
    assert -1 not in places and places == sorted(places) and data.count('{"status":"ok"}') == 2


def test_one_connection_can_not_take_all_files(make_server, echo_endpoint):
    server = echo_server(make_server, echo_endpoint)
    before = files(server)
    with connect(server) as greedy:
        greedy.settimeout(5)
        greedy.sendall(chat("slow 3", stream=False) * 3000)
        wait_until(lambda: files(server) > before, "the greedy client is at work")
        for number in range(20):
            assert post_event(server, SECRET, f"e{number}", "hello", conversation=f"c{number}")[1]["text"] == "hello"
        assert files(server) < before + 30


def test_answers_under_way_are_bounded(make_server, echo_endpoint):
    server = echo_server(make_server, echo_endpoint, f"server: {{port: $PORT, max_answers: 2}}\n")
    with connect(server) as first, connect(server) as second:
        for connection in (first, second):
            connection.sendall(chat("slow 5", stream=False))
        wait_until(lambda: server.ask("now")[0] == 503, "the third is refused")
        assert "server.max_answers" in server.ask("now")[1]["error"]["message"]
    wait_until(lambda: server.ask("now")[0] == 200, "answers of clients that left do not count")


@pytest.mark.parametrize("bytes_", [b"PURGE / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
                                    b"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"], ids=["purge", "expect", "continue"])
def test_what_the_framework_refuses_keeps_no_connection(make_server, bytes_):
    server = make_server("server: {port: $PORT, max_connections: 5}\n").start()
    held = [connect(server) for _ in range(5)]
    for connection in held:
        connection.sendall(bytes_)
    assert server.request("GET", "/api/health/live")[0] == 200
    for connection in held:
        connection.settimeout(30)
        assert b"HTTP/1.1 4" in connection.recv(65536)
        while connection.recv(65536):
            pass


def test_compressed_answers_do_not_wear_a_connection_out(make_server, echo_endpoint):
    server = echo_server(make_server, echo_endpoint, "server: {port: $PORT, write_timeout: 1s}\n")
    with connect(server) as connection:
        connection.sendall(http("/metrics", Accept_Encoding="gzip") * 100 + chat("slow 3", stream=False, Connection="close"))
        data = read_all(connection)
    assert data.count(b"HTTP/1.1 200") == 101 and b'"content":"slow 3"' in data


def test_many_requests_sent_ahead_do_not_stop_the_others(make_server, echo_endpoint):
    server = echo_server(make_server, echo_endpoint)
    with connect(server) as greedy:
        greedy.settimeout(60)
        greedy.sendall(chat("slow 1", stream=False) + http() * 8000 + http(Connection="close"))
        answers, begun = b"", time.monotonic()
        greedy.setblocking(False)
        while answers.count(b'{"status":"ok"}') < 8001 and time.monotonic() - begun < 60:
            assert server.request("GET", "/api/health/live")[0] == 200
            try:
                answers += greedy.recv(1 << 20)
            except BlockingIOError:
                pass
    assert answers.count(b'{"status":"ok"}') == 8001


def test_after_its_last_answer_a_connection_serves_nothing(make_server, echo_endpoint):
    server = echo_server(make_server, echo_endpoint)
    with connect(server) as connection:
        connection.sendall(chat("one two", version="1.0") + http("/v1/models"))
        data = read_all(connection)
    assert data.endswith(b"data: [DONE]\n\n") and b'"object":"list"' not in data


# --- memory

def test_unread_answers_of_one_connection_take_no_memory(make_server, echo_endpoint):
    server = echo_server(make_server, echo_endpoint)
    before = server.memory()["VmRSS"]
    with connect(server) as greedy:
        send_until_refused(greedy, http("/metrics") * 1000, 64 << 20)
        assert server.status("/api/health/live") == 200
        assert server.memory()["VmRSS"] < before + 60 + KEPT_FREED


@pytest.mark.parametrize("piece", [b"X: y\r\n" * 1000, b"X" * 6000], ids=["lines", "line"])
def test_an_endless_header_is_refused(server, piece):
    before = server.memory()["VmRSS"]
    with connect(server) as greedy:
        greedy.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        assert send_until_refused(greedy, piece, 64 << 20) < 64 << 20
    assert server.memory()["VmRSS"] < before + 20 + KEPT_FREED
    with connect(server) as again:
        again.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + piece * 4)
        reply = read_all(again)
    assert b" 431 " in reply.split(b"\r\n")[0] and b"server.max_header" in reply


@pytest.mark.parametrize("head", [b"Content-Length: 99999999\r\n", b"Transfer-Encoding: chunked\r\n"], ids=["told", "chunked"])
def test_an_endless_body_is_refused(server, head):
    with connect(server) as greedy:
        greedy.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n" + head + b"\r\n")
        assert send_until_refused(greedy, b"1000\r\n" + b"x" * 4096 + b"\r\n", 64 << 20) < 64 << 20
    assert server.status("/api/health/live") == 200


def test_a_stream_that_nobody_reads_waits(make_server, echo_endpoint):
    server = echo_server(make_server, echo_endpoint, "server: {port: $PORT, write_timeout: 3s}\n")
    before = server.memory()["VmRSS"]
    open_files = files(server)
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect(("127.0.0.1", server.port))
        lazy.sendall(chat("flood 100000"))
        largest = before
        end = time.monotonic() + 4
        while time.monotonic() < end:
            largest = max(largest, server.memory()["VmRSS"])
            assert server.status("/api/health/live") == 200
        assert largest < before + 30 + KEPT_FREED
        wait_until(lambda: files(server) <= open_files, "the lazy client is disconnected")


def test_a_slow_reader_gets_all_of_it(make_server, echo_endpoint):
    server = echo_server(make_server, echo_endpoint)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(chat("flood 3000", Connection="close"))
        data = b""
        while piece := slow.recv(20000):
            data += piece
            time.sleep(0.002)
    assert data.count(b"x" * 1000) == 3000 and data.endswith(b"data: [DONE]\n\n")


# --- time

def test_slow_clients_do_not_shut_out_others(make_server):
    server = make_server("server: {port: $PORT, max_connections: 20, header_timeout: 20s}\n").start()
    slow = [connect(server) for _ in range(60)]
    try:
        for number, connection in enumerate(slow):
            try:
                connection.sendall(b"GET / HTTP/1.1\r\nX" if number % 2 else b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na")
            except OSError:
                pass  # it made room already
        for _ in range(30):
            assert server.request("GET", "/api/health/live")[0] == 200
    finally:
        for connection in slow:
            connection.close()


def test_an_answer_under_way_is_never_what_makes_room(make_server, echo_endpoint):
    server = echo_server(make_server, echo_endpoint, "server: {port: $PORT, max_connections: 10}\n")
    with connect(server) as patient:
        patient.sendall(chat("slow 3", stream=False, Connection="close"))
        others = [connect(server) for _ in range(40)]
        assert b'"content":"slow 3"' in read_all(patient)
        for other in others:
            other.close()


@pytest.mark.parametrize("begin, drip", [(b"GET / HTTP/1.1\r\nHost: a\r\n", b"X"), (http("/v1/chat/completions", "POST", b"x" * 1000)[:-999], b"x")],
                         ids=["header", "body"])
def test_a_trickling_request_is_ended_in_time(make_server, begin, drip):
    server = make_server("server: {port: $PORT, header_timeout: 1s}\n").start()
    with connect(server) as connection:
        connection.settimeout(0.1)
        connection.sendall(begin)
        reply, end = b"", time.monotonic() + 30
        while not reply and time.monotonic() < end:
            try:
                connection.sendall(drip)
                reply = connection.recv(65536)
            except TimeoutError:
                pass
    assert b" 408 " in reply and b"server.min_rate" in reply


def test_silent_connections_are_closed(make_server):
    server = make_server("server: {port: $PORT, header_timeout: 1s, idle_timeout: 2s}\n").start()
    with connect(server) as silent, connect(server) as served:
        served.sendall(http())
        assert b" 200 " in served.recv(65536)
        assert silent.recv(1) == b"" and served.recv(1) == b""


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_may_take_longer_than_a_connection_may_idle(make_server, echo_endpoint, stream):
    server = echo_server(make_server, echo_endpoint, "server: {port: $PORT, idle_timeout: 1s, header_timeout: 1s}\n")
    with connect(server) as connection:
        connection.sendall(chat("slow 4", stream=stream, Connection="close"))
        assert b"slow" in read_all(connection)
    assert post_event(server, SECRET, "e1", "slow 4")[1]["text"] == "slow 4"


def test_answered_and_abandoned_webhooks_keep_no_connection(make_server, echo_endpoint):
    server = echo_server(make_server, echo_endpoint)
    post_event(server, SECRET, "first", "hello", conversation="first")
    before = files(server)
    for number in range(50):
        assert post_event(server, SECRET, f"e{number}", "hello", conversation=f"c{number}")[1]["text"] == "hello"
    wait_until(lambda: files(server) <= before + 2, "answered webhooks let their connections go", patience=10)
    for number in range(20):
        with pytest.raises(OSError):
            body = json.dumps({"event_id": f"left{number}", "conversation": f"l{number}", "sender": "a", "text": "slow 8"}).encode()
            server.request("POST", "/api/webhook/hook", body, signed(SECRET, body), timeout=0.2)
    # The upstream still answers eight of them at a time; their clients' connections are gone.
    wait_until(lambda: files(server) <= before + 12, "abandoned webhooks let their connections go", patience=10)


# --- strangers' pages, and requests that two readers would take differently

@pytest.mark.parametrize("headers, status", [
    ({}, 200),
    ({"Host": "localhost:1234"}, 200), ({"Host": "[::1]:80"}, 200), ({"Host": "10.1.2.3"}, 200), ({"Host": "bot.example.com"}, 200),
    ({"Host": "BOT.example.com:443", "Origin": "https://bot.example.com:443"}, 200),
    ({"Host": "evil.example"}, 403), ({"Host": "localhost.evil.example"}, 403), ({"Host": "127.0.0.1.evil.example"}, 403),
    ({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Origin": "http://127.0.0.1:1"}, 403),
    ({"Content-Type": "text/plain"}, 415), ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ({"Content-Type": "multipart/form-data; boundary=x"}, 415), ({"Content-Type": "text/plain; application/json"}, 415),
    ({"Content-Type": "Application/JSON; charset=utf-8"}, 200),
])
def test_strangers_pages_can_not_use_it(make_server, echo_endpoint, headers, status):
    server = echo_server(make_server, echo_endpoint, "server: {port: $PORT, hosts: [bot.example.com]}\n")
    body = json.dumps({"messages": [{"role": "user", "content": "hello"}]})
    fields = {"Content-Type": "application/json", "Host": f"127.0.0.1:{server.port}", **headers}
    reply = server.request("POST", "/v1/chat/completions", body, fields)
    assert reply[0] == status, reply
    if status == 200:
        return
    assert json.loads(reply[2])["error"]["message"]
    if "Content-Type" not in headers:
        assert server.request("GET", "/api/health", headers=headers)[0] == 403
        assert server.request("GET", "/metrics", headers=headers)[0] == 403


def test_a_signed_webhook_may_come_under_any_name(make_server, echo_endpoint):
    server = echo_server(make_server, echo_endpoint)
    body = event("e1", "hello")
    status, _, content = server.request("POST", "/api/webhook/hook", body, {**signed(SECRET, body), "Host": "hooks.example.com"})
    assert (status, json.loads(content)["text"]) == (200, "hello")


@pytest.mark.parametrize("bytes_", [b"POST /v1/models HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                                    b"GET /api/health/live HTTP/1.1\r\n\r\n", b"nonsense nonsense nonsense\r\n\r\n",
                                    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
                         ids=["two lengths", "no host", "nonsense", "tls"])
def test_what_is_no_http_is_refused_with_a_reason(server, bytes_):
    with connect(server) as connection:
        connection.sendall(bytes_)
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
    assert b" 400 " in head and json.loads(body)["error"]["type"] == "invalid_request_error"
    assert 'route="refused",status="400"' in server.request("GET", "/metrics")[2].decode()
