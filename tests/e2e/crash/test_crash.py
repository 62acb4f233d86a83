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
import time

from conftest import PLATFORMS, SECRET, free_port, remote_model, wait_until

LONG = os.environ.get("CRASH_FORM") == "long"
EVENTS, KILLS, RATE = (2000, 20, 400) if LONG else (400, 4, 400)
CONVERSATIONS, REAL = 50, 3  # of them so many ask the built-in model, the others the simulated remote one


def test_kill_9_loses_and_doubles_nothing(make_server, echo_endpoint, folder):
    callbacks = free_port()
    server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\n  - {{name: guide, type: local, path: builtin}}\n"
                         f"channels:\n  - {{name: hook, secret: {SECRET}, mode: callback, callback_url: 'http://127.0.0.1:{callbacks}/answers'}}\n"
                         "delivery: {backoff_min: 20ms, backoff_max: 500ms, max_attempts: 1000}\n").start()
    platform = subprocess.Popen(["/usr/bin/python3", str(PLATFORMS / "generic_platform.py"), "--url", server.url + "/api/webhook/hook", "--secret", SECRET,
                                 "--port", str(callbacks), "--events", str(EVENTS), "--conversations", str(CONVERSATIONS),
                                 "--real-conversations", str(REAL), "--rate", str(RATE)],
                                stdout=subprocess.PIPE, text=True)
    assert platform.stdout.readline() == "ready\n"
    seed = int(os.environ.get("CRASH_SEED", "1"))
    rng = random.Random(seed)
    for _ in range(KILLS):
        time.sleep(rng.uniform(0.1, 0.5))  # when it dies is what the test varies
        server.stop(signal.SIGKILL)
        server.start(ready=False)
        wait_until(lambda: server.alive() and server.status("/api/health/live") == 200, "live again")
    report = json.loads(platform.communicate(timeout=400)[0])

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
