"""Nothing acknowledged is lost, nothing is answered twice: the server is killed with -9 again and again while a
simulated platform sends. `script/test` runs the short form; the long one by name:

    CRASH_FORM=long /usr/bin/python3 -m pytest -q tests/e2e/crash
"""
import collections
import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from conftest import PATIENCE, PLATFORMS, SECRET, free_port, remote_model, wait_until

LONG = os.environ.get("CRASH_FORM") == "long"
EVENTS, KILLS, RATE = (2000, 20, 400) if LONG else (400, 4, 400)
SENT_AT_ONCE = 32  # delivery.parallel
CONVERSATIONS, REAL = 50, 3  # of them so many ask the built-in model, the others the simulated remote one


def kill_again_and_again(server, seed):
    rng = random.Random(seed)
    for _ in range(KILLS):
        time.sleep(rng.uniform(0.1, 0.5))  # when it dies is what the test varies
        server.stop(signal.SIGKILL)
        server.start(ready=False)
        wait_until(lambda: server.alive() and server.status("/api/health/live") == 200, "live again")


def test_kill_9_loses_and_doubles_nothing(make_server, echo_endpoint, folder):
    callbacks = free_port()
    server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\n  - {{name: guide, type: local, path: builtin}}\n"
                         f"channels:\n  - {{name: hook, secret: {SECRET}, mode: callback, callback_url: 'http://127.0.0.1:{callbacks}/answers'}}\n"
                         "delivery: {backoff_min: 20ms, backoff_max: 500ms, max_attempts: 1000}\n").start()
    platform = subprocess.Popen(["/usr/bin/python3", str(PLATFORMS / "generic_platform.py"), "--url", server.url + "/api/webhook/hook", "--secret", SECRET,
                                 "--port", str(callbacks), "--events", str(EVENTS), "--conversations", str(CONVERSATIONS),
                                 "--real-conversations", str(REAL), "--rate", str(RATE), "--patience", str(PATIENCE * 5)],
                                stdout=subprocess.PIPE, text=True)
    assert platform.stdout.readline() == "ready\n"
    seed = int(os.environ.get("CRASH_SEED", "1"))
    kill_again_and_again(server, seed)
    report = json.loads(platform.communicate(timeout=PATIENCE * 6)[0])

    shown = report["shown"]
    answers = [s for s in shown if s["kind"] == "answer"]
    per_event = collections.Counter(a["event_id"] for a in answers)
    acknowledged = set(report["acknowledged"])
    assert report["refused"] == []
    assert len(acknowledged) == EVENTS
    assert [e for e in acknowledged if per_event[e] == 0] == [], "lost"
    assert [e for e in per_event if per_event[e] > 1] == [], "answered twice"
    order = collections.defaultdict(list)
    for answer in answers:
        order[answer["conversation"]].append(answer["event_id"])
        conversation = int(answer["event_id"][:3])
        if conversation >= REAL:
            assert answer["text"] == f"echo {conversation}/{int(answer['event_id'][4:])}"
    assert all(events == sorted(events) for events in order.values()), "out of order"
    wait_until(lambda: server.health()["inbox"] == {"open": 0, "dead": 0} and server.health()["outbox"] == {"open": 0, "dead": 0}, "all done")
    print(f"seed {seed}: {EVENTS} events, {KILLS} kills, {report['attempts']} attempts, {report['duplicates']} acknowledged as duplicates, "
          f"{report['repeated']} deliveries under a known key, {len(shown) - len(answers)} notices, {report['seconds']:.1f} s")


@pytest.mark.parametrize("name", ["slack", "feishu"])
def test_through_a_platform_too(make_server, echo_endpoint, name):
    """Feishu has idempotency keys: an answer that is sent again is seen once. Slack has none: what was being sent when the
    server died may be seen twice, and nothing else."""
    sys.path.insert(0, str(PLATFORMS))
    module = __import__(name)
    make, api = {"slack": (module.__dict__.get("Slack"), "/api"), "feishu": (module.__dict__.get("Feishu"), "")}[name]
    port = free_port()
    server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\nchannels:\n  - {make.config(f'http://127.0.0.1:{port}{api}')}\n"
                         "delivery: {backoff_min: 20ms, backoff_max: 500ms, max_attempts: 1000}\n").start()
    platform = subprocess.Popen(["/usr/bin/python3", str(PLATFORMS / f"{name}.py"), "--url", f"{server.url}/api/webhook/{name}", "--port", str(port),
                                 "--events", str(EVENTS), "--conversations", str(CONVERSATIONS), "--rate", str(RATE), "--patience", str(PATIENCE * 5)], stdout=subprocess.PIPE, text=True)
    assert platform.stdout.readline() == "ready\n"
    seed = int(os.environ.get("CRASH_SEED", "1"))
    kill_again_and_again(server, seed)
    report = json.loads(platform.communicate(timeout=PATIENCE * 6)[0])

    assert report["refused"] == []
    assert len(set(report["acknowledged"])) == EVENTS
    seen = collections.Counter(identity for _, identity in report["shown"])
    assert [e for e in report["acknowledged"] if seen[e] == 0] == [], "lost"
    twice = [e for e, count in seen.items() if count > 1]
    assert len(twice) <= (0 if name == "feishu" else KILLS * SENT_AT_ONCE), "answered twice"
    order = collections.defaultdict(list)
    for chat, identity in report["shown"]:
        assert report["chats"][identity[:3]] == chat
        order[chat].append(identity)
    assert all(identities == sorted(identities) for identities in order.values()), "out of order"
    wait_until(lambda: server.health()["inbox"] == {"open": 0, "dead": 0} and server.health()["outbox"] == {"open": 0, "dead": 0}, "all done")
    print(f"{name}, seed {seed}: {EVENTS} events, {KILLS} kills, {report['attempts']} attempts, {report['repeated']} messages under a known key, {len(twice)} seen twice, {report['seconds']:.1f} s")
