"""Replies on their way out: one platform that does not answer delays no other, and no stop."""
import contextlib
import socket
import sys
import time

import pytest

from api import post_event
from conftest import PLATFORMS, SECRET, remote_model, wait_until
from callbacks import Callbacks

sys.path.insert(0, str(PLATFORMS))
import feishu  # noqa: E402

MANY = 40  # conversations
PROMPT = 3  # seconds; a second or two of them are the machine's, when it is busy


@pytest.fixture
def silent():
    """The address of a server that takes every connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def within(seconds, what):
    begun = time.monotonic()
    yield
    assert (took := time.monotonic() - begun) < seconds, f"{what} took {took:.1f} s"


def prompt_answers(server, callbacks):
    for number in range(10):
        with within(PROMPT, "an answer beside them"):
            post_event(server, SECRET, f"good-{number}", "hello", path="/api/webhook/good")
            wait_until(lambda: len(callbacks.got) > number, "the answer")


def good(callbacks):
    return f"  - {{name: good, secret: {SECRET}, mode: callback, callback_url: '{callbacks.url}'}}\n"


def test_a_callback_that_does_not_answer_delays_no_other_channel_and_no_stop(make_server, echo_endpoint, silent):
    callbacks = Callbacks()
    server = make_server(f"server: {{port: $PORT, shutdown_grace: 4s}}\nmodels:\n  - {remote_model(echo_endpoint)}\nchannels:\n{good(callbacks)}"
                         f"  - {{name: silent, secret: {SECRET}, mode: callback, callback_url: '{silent}/answers'}}\n").start()
    for number in range(MANY):
        post_event(server, SECRET, f"e{number}", "hello", conversation=f"room-{number}", path="/api/webhook/silent")
    wait_until(lambda: server.health()["outbox"]["open"] >= MANY, "replies that are not taken")
    prompt_answers(server, callbacks)
    with within(4 + 2, "the stop"):
        assert server.stop() == 0


def test_a_platform_that_gives_no_token_delays_no_other_channel_and_no_stop(make_server, echo_endpoint, silent):
    callbacks = Callbacks()
    platform = feishu.Feishu()
    server = make_server(f"server: {{port: $PORT, shutdown_grace: 4s}}\nmodels:\n  - {remote_model(echo_endpoint)}\nchannels:\n{good(callbacks)}"
                         f"  - {platform.config(silent, ', stream: true, answer: {groups: all}')}\n")
    platform.url = f"{server.url}/api/webhook/feishu"
    server.start()
    for number in range(MANY):
        # Who the bot is it can't learn either, which only groups need.
        assert platform.send(platform.direct("hello", chat_id=f"oc_{number}"))[0] == 200
    prompt_answers(server, callbacks)
    wait_until(lambda: server.health()["inbox"]["open"] == 0, "the answers, which nobody takes")
    with within(4 + 2, "the stop"):
        assert server.stop() == 0
