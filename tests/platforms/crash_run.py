"""A platform while ai_bot is killed again and again (tests/e2e/crash): the simulators of platforms as programs."""
import argparse
import http.client
import json
import re
import threading
import time


def crash_run(make, options, event_of, chat_of):
    """Sends events as a platform does (in order within a conversation, the same event again until it is acknowledged)
    and reports what people saw, as generic_platform.py does; ends when every event has its answer."""
    simulator = make(options)
    acknowledged, attempts = [], [0]

    def converse(conversation, count, started):
        for number in range(count):
            due = started + (number * options.conversations + conversation) / options.rate
            time.sleep(max(0.0, due - time.monotonic()))
            identity = f"{conversation:03}-{number:05}"
            event = event_of(simulator, identity, conversation, f"echo {identity}")
            while True:
                attempts[0] += 1
                try:
                    status, _, content = simulator.send(event)
                    if status == 200:
                        acknowledged.append(identity)
                        break
                    if 400 <= status < 500:
                        raise SystemExit(f"{identity} was refused: {status} {content!r}")
                except (OSError, http.client.HTTPException):
                    pass
                time.sleep(0.02)

    print("ready", flush=True)
    started = time.monotonic()
    counts = [len(range(c, options.events, options.conversations)) for c in range(options.conversations)]
    threads = [threading.Thread(target=converse, args=(c, n, started), daemon=True) for c, n in enumerate(counts)]
    for thread in threads:
        thread.start()
    end = started + options.patience
    wanted = {f"{c:03}-{n:05}" for c, count in enumerate(counts) for n in range(count)}

    def identities():
        return [(m["chat"], match[1]) for m in simulator.messages if (match := re.search(r"echo (\d{3}-\d{5})", m["text"]))]

    while time.monotonic() < end:
        with simulator.lock:
            if {identity for _, identity in identities()} >= wanted:
                break
        time.sleep(0.05)
    with simulator.lock:
        print(json.dumps({"seconds": time.monotonic() - started, "acknowledged": acknowledged, "attempts": attempts[0],
                          "repeated": simulator.repeated, "refused": simulator.refused, "shown": identities(),
                          "chats": {f"{c:03}": chat_of(c) for c in range(options.conversations)}}))


def run_as_program(description, make, event_of, chat_of):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--url", required=True, help="the channel's webhook")
    parser.add_argument("--port", type=int, required=True, help="where the simulated API listens")
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--conversations", type=int, default=50)
    parser.add_argument("--rate", type=float, default=400, help="events a second")
    parser.add_argument("--patience", type=float, default=300, help="seconds")
    crash_run(make, parser.parse_args(), event_of, chat_of)
