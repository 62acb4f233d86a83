"""What the commands ask a running server over its admin socket, wherever it listens and whatever its file says by now."""
import fcntl
import json
import os
import sqlite3

import pytest

from api import post_event
from callbacks import Callbacks
from conftest import SECRET, cli, free_port, remote_model, wait_until
from machine import environment

HOOK = f'channels: [{{name: hook, default: true, secret: "{SECRET}"}}]\n'


def test_status_tells_how_the_server_is_and_its_exit_code_too(make_server):
    server = make_server()
    done = server.cli("status")
    assert done.returncode == 1 and f"no server runs with the data folder {server.data}: start it with `ai_bot serve`" in done.stderr
    server.start()
    done = server.cli("status")
    assert done.returncode == 0, done.stderr
    assert "healthy" in done.stdout and f"http://127.0.0.1:{server.port}" in done.stdout and "guide  ready" in done.stdout
    assert "运行正常" in server.cli("--lang", "zh", "status").stdout
    status = json.loads(server.cli("status", "--json").stdout)
    assert (status["status"], status["pid"], status["url"]) == ("ok", server.process.pid, f"http://127.0.0.1:{server.port}")
    assert status["uptime_s"] >= 0


def test_status_of_a_server_that_is_unwell(make_server):
    server = make_server("database: {min_free_disk: 1000000GiB}\n").start(ready=False)
    wait_until(lambda: server.status("/api/health/live") == 200, "live")
    done = server.cli("status")
    assert done.returncode == 2 and "! disk nearly full" in done.stdout


def test_the_server_is_found_wherever_it_listens(make_server):
    server = make_server().start()
    configured = server.config.read_text(encoding="utf-8")
    server.config.write_text(configured.replace(str(server.port), str(free_port())), encoding="utf-8")
    assert server.cli("model", "status").returncode == 0
    assert server.cli("chat", "hello").stdout.strip()
    assert f"healthy at http://127.0.0.1:{server.port}" in server.cli("doctor").stdout
    done = server.cli("reload")
    assert (done.returncode, done.stdout) == (0, "needs a restart: server.port\n")


def test_a_reload_says_what_is_active_and_what_is_wrong(make_server):
    server = make_server(HOOK).start()
    assert server.cli("reload").stdout == "Nothing has changed.\n"
    assert server.cli("--lang", "zh", "reload").stdout == "没有变化。\n"
    server.configure(HOOK + "log: {level: debug}\nserver: {port: $PORT, threads: 3}\nnonsense: 1\n")
    done = server.cli("reload")
    assert done.returncode == 0
    assert done.stdout == "active now: log.level\nneeds a restart: server.threads\n"
    assert done.stderr.count("nonsense: is unknown and ignored") == 1
    reloaded = json.loads(server.cli("reload", "--json").stdout)
    assert (reloaded["taken"], reloaded["changed"], reloaded["findings"][0]["key"]) == (True, [], "nonsense")


def test_a_reload_with_an_error_changes_nothing_and_names_file_line_and_key(make_server, folder):
    server = make_server(HOOK).start()
    good = server.config.read_text(encoding="utf-8")
    server.config.write_text(good + "assistant: {max_parallel_turns: many}\n", encoding="utf-8")
    # Asked with a file that is right, so that the command itself has nothing to say.
    (folder / "right.yaml").write_text(good, encoding="utf-8")
    done = cli("reload", "-c", str(folder / "right.yaml"), env=server.environment)
    assert done.returncode == 1
    line = good.count("\n") + 1
    assert f"error: {server.config}:{line}: assistant.max_parallel_turns: " in done.stderr
    assert "the server goes on with its former configuration" in done.stderr
    assert post_event(server, SECRET, "e1", "hello")[0] == 200
    done = server.cli("reload")
    assert done.returncode == 1 and "nothing was reloaded" in done.stderr


def dead_letter(make_server, echo_endpoint):
    callbacks = Callbacks([404])
    server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\nchannels:\n"
                         f"  - {{name: hook, secret: {SECRET}, mode: callback, callback_url: '{callbacks.url}'}}\n").start()
    post_event(server, SECRET, "e1", "hello")
    wait_until(lambda: server.health()["outbox"]["dead"] == 1, "a dead letter")
    return server, callbacks


def test_dead_letters_are_opened_again_without_a_server_too(make_server, echo_endpoint):
    server, callbacks = dead_letter(make_server, echo_endpoint)
    assert "1 dead letters" in server.cli("status").stdout
    assert server.stop() == 0
    assert server.cli("doctor", "--replay").stdout == "Opened again: 0 messages, 1 replies.\n"
    server.start()
    wait_until(lambda: len(callbacks.got) == 2, "delivered")


def test_the_database_of_a_server_that_cannot_be_asked_is_left_alone(make_server, echo_endpoint):
    server, _ = dead_letter(make_server, echo_endpoint)
    assert server.stop() == 0
    database = server.data / "ai_bot.db"
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA user_version=2")  # as a server of an earlier version would have it
    connection.commit()
    with open(server.data / "ai_bot.lock", "r+", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = server.cli("doctor", "--replay")
        assert done.returncode == 1 and "does not answer at" in done.stderr and "it must be restarted" in done.stderr
        done = server.cli("model", "use", "builtin")
        assert done.returncode == 1 and "it must be restarted" in done.stderr
        assert (server.data / "active_model").read_text().strip() == ""
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    assert connection.execute("SELECT state FROM outbox").fetchall() == [(2,)]


def test_a_database_has_one_process_whatever_leads_to_it(make_server, echo_endpoint):
    server, _ = dead_letter(make_server, echo_endpoint)
    link = server.folder / "link.db"
    link.symlink_to(server.data / "ai_bot.db")
    other = make_server()
    other.data = server.folder / "data2"
    for path in (server.data / "ai_bot.db", link):
        other.configure(f"database: {{path: '{path}'}}\n")
        for command in (["doctor", "--replay"], ["serve"]):
            done = other.cli(*command)
            assert done.returncode == 1
            assert f"another ai_bot (process {server.process.pid}) uses {path} already: stop it, or choose another database.path" in done.stderr
    assert server.health()["outbox"]["dead"] == 1
    assert server.stop() == 0
    assert other.cli("doctor", "--replay").stdout == "Opened again: 0 messages, 1 replies.\n"


def test_nothing_of_it_is_served_on_the_network_and_the_socket_goes_with_the_server(make_server):
    server = make_server().start()
    for path in ("/api/admin/status", "/api/admin/reload", "/api/admin/models", "/api/admin/replay"):
        assert server.status(path) == 404
    socket = server.data / "run/admin.sock"
    assert socket.is_socket() and socket.stat().st_mode & 0o777 == 0o600
    assert server.stop() == 0
    assert not socket.exists()


def test_a_server_that_was_killed_leaves_a_socket_that_disturbs_nobody(make_server):
    server = make_server().start()
    server.stop(9)
    assert (server.data / "run/admin.sock").exists()
    assert server.cli("status").returncode == 1
    server.start()
    assert server.cli("status").returncode == 0


def test_another_user_hears_whose_it_is(make_server):
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    server = make_server().start().let_others_in()
    server.environment = environment()
    done = server.cli("status", user=65534)
    assert done.returncode == 1 and f"{server.data} is another user's: run this as that user" in done.stderr
    done = server.cli("doctor", user=65534)
    assert f"✗ data folder: {server.data} is another user's" in done.stdout
