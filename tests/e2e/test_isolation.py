"""Nothing foreign stops anything else: each dependency in turn is silent, half-open, slow, reset, refusing or answers
garbage, with many conversations waiting for it. Meanwhile everybody else is answered at once; when it is well again every
acknowledged message is answered, once; and ai_bot stops in time however ill it is."""
import collections
import concurrent.futures
import os
import random
import signal
import socket
import sys
import time
import urllib.parse

import pytest

from api import post_event
from chaos import MODES, Chaos
from conftest import PLATFORMS, SANITIZED, SECRET, remote_model, wait_until
from callbacks import Callbacks

sys.path.insert(0, str(PLATFORMS))
import dingtalk  # noqa: E402
import discord  # noqa: E402
import feishu  # noqa: E402
import slack  # noqa: E402
import telegram  # noqa: E402
import wecom  # noqa: E402

MANY = 40  # conversations that wait for what is ill
ASKS = 20  # of the others, each within:
PROMPT = 5 if SANITIZED else 1  # seconds
GRACE = 2  # seconds, server.shutdown_grace
UNHEARD = ("half-open", "slow")  # the other side may have done what ai_bot never hears of

Kind = collections.namedtuple("Kind", "make conversation")
KINDS = {
    "slack": Kind(slack.Slack, lambda n: {"channel": f"D{n}"}),
    "telegram": Kind(telegram.Telegram, lambda n: {"chat": {"id": n + 1000, "type": "private"}}),
    "feishu": Kind(feishu.Feishu, lambda n: {"chat_id": f"oc_{n}"}),
    "dingtalk": Kind(dingtalk.DingTalk, lambda n: {"conversationId": f"cid{n}"}),
    "wecom": Kind(wecom.WeCom, lambda n: {"chat": f"person{n}"}),
    "discord": Kind(discord.Discord, lambda n: {"channel_id": f"c{n}"}),
}


class Ill:
    """What is ill, and whoever is asked through it. `flood(first, count)` begins conversations that need it, each with one
    question, the text of which comes back; `answers()` are all texts that people saw."""

    def __init__(self, chaos, config, flood, answers, has_keys):
        self.chaos, self.config, self.flood, self.answers, self.has_keys = chaos, config, flood, answers, has_keys


def text(number):
    return f"question {number:03}"


def a_platform(name):
    kind = KINDS[name]
    platform = kind.make()
    chaos = Chaos(platform.server.server_port)
    path = urllib.parse.urlsplit(platform.api).path
    platform.base = chaos.url  # of addresses in its messages

    def flood(server, first, count):
        platform.url = f"{server.url}/api/webhook/{name}"
        for number in range(first, first + count):
            event = platform.direct(text(number), **kind.conversation(number))
            wait_until(lambda: platform.send(event)[0] == 200, "an acknowledgement")

    return Ill(chaos, f"channels:\n  - {platform.config(chaos.url + path)}\n", flood, platform.texts, has_keys=name == "feishu")


def a_callback():
    callbacks = Callbacks()
    chaos = Chaos(callbacks.server.server_port)

    def flood(server, first, count):
        for number in range(first, first + count):
            status, _ = post_event(server, SECRET, f"ill-{number}", text(number), path="/api/webhook/ill", conversation=f"room-{number}")
            assert status == 200

    def answers():
        return list({headers["Idempotency-Key"]: fields["text"] for headers, fields, _ in callbacks.got}.values())

    config = f"channels:\n  - {{name: ill, secret: {SECRET}, mode: callback, callback_url: '{chaos.url}/answers'}}\n"
    return Ill(chaos, config, flood, answers, has_keys=True)


class AskedThere:
    """Conversations that have chosen the model `ill`, in a channel whose answers are called back."""

    def __init__(self, model):
        self.callbacks = Callbacks()
        self.model = model
        self.config = f"channels:\n  - {{name: chosen, secret: {SECRET}, mode: callback, callback_url: '{self.callbacks.url}'}}\n"

    def flood(self, server, first, count):
        for number in range(first, first + count):
            for what, said in (("choose", f"/model {self.model}"), ("ask", text(number))):
                status, _ = post_event(server, SECRET, f"{what}-{number}", said, path="/api/webhook/chosen", conversation=f"room-{number}")
                assert status == 200
            wait_until(lambda: f"choose-{number}" in {fields["event_id"] for _, fields, _ in list(self.callbacks.got)}, "the command's answer")

    def answers(self):
        return [text(int(fields["event_id"].removeprefix("ask-"))) for _, fields, _ in list(self.callbacks.got) if fields["kind"] == "answer" and fields["event_id"].startswith("ask-")]


def a_model(echo_endpoint, **limits):
    chaos = Chaos(urllib.parse.urlsplit(echo_endpoint).port)
    asked = AskedThere("ill")
    ill = remote_model(chaos.url + "/v1", "ill", **limits)
    return Ill(chaos, f"  - {ill}\n{asked.config}", asked.flood, asked.answers, has_keys=True)


def ask_beside(server, number):
    """A question to whoever is well; seconds until it is answered."""
    begun = time.monotonic()
    status, body = post_event(server, SECRET, f"well-{number}", f"hello {number}", path="/api/webhook/well", conversation=f"well-{number % 5}")
    assert (status, body["text"]) == (200, f"hello {number}")
    return time.monotonic() - begun


def command_beside(server, event, said, conversation="commands"):
    begun = time.monotonic()
    status, body = post_event(server, SECRET, event, said, path="/api/webhook/well", conversation=conversation)
    assert status == 200 and body.get("text", "/").startswith(("/", "ai_bot", "No answer", "The answer")), (status, body)
    return time.monotonic() - begun


def everybody_else_is_served(server, number):
    took = {f"answer {n}": ask_beside(server, number + n) for n in range(ASKS)}
    for command in ("/help", "/status", "/stop"):
        took[command] = command_beside(server, f"{command}-{number}", command)
    for n in range(5):
        begun, before = time.monotonic(), len(server.called_back.got)
        assert post_event(server, SECRET, f"well-{number + n}", "hello", path="/api/webhook/called")[0] == 200
        wait_until(lambda: len(server.called_back.got) > before, "an answer that is called back")
        took[f"callback {n}"] = time.monotonic() - begun
    begun = time.monotonic()
    assert server.request("GET", "/api/health")[0] in (200, 503)
    took["health"] = time.monotonic() - begun
    late = {what: round(seconds, 2) for what, seconds in took.items() if seconds >= PROMPT}
    assert not late, f"took more than {PROMPT} s: {late}"


@pytest.fixture
def begin(make_server, echo_endpoint):
    def begin(ill, settings="", command=None):
        # What is ill comes first in the file, as it may be what a careless order would ask first.
        models, _, channels = ill.config.partition("channels:\n")
        server = make_server(f"server: {{port: $PORT, shutdown_grace: {GRACE}s}}\nmodels:\n  - {remote_model(echo_endpoint)}\n{models}"
                             f"router: {{tiers: {{light: [echo]}}, breaker: {{open_for: 1s}}}}\n"
                             f"channels:\n{channels}  - {{name: well, secret: {SECRET}, sync_deadline: 30s}}\n"
                             f"  - {{name: called, secret: {SECRET}, mode: callback, callback_url: '{called_back.url}'}}\n{settings}").start(command=command)
        server.called_back = called_back
        return server

    called_back = Callbacks()
    return begin


def all_are_answered(server, ill, count, exactly):
    def seen():
        return collections.Counter(word for word in ill.answers() for number in range(count) if text(number) in word for word in [text(number)])

    wait_until(lambda: len(seen()) == count, lambda: f"answers: {sorted(set(map(text, range(count))) - set(seen()))} are missing of {count}\n{server.log()[-3000:]}")
    wait_until(lambda: server.health()["outbox"]["open"] == 0 and server.health()["inbox"]["open"] == 0, "nothing is left")
    doubled = {what: times for what, times in seen().items() if times > 1}
    assert not exactly or not doubled, doubled


def a_life(server, ill, mode):
    ill.chaos.set(mode)
    ill.flood(server, 0, MANY)
    everybody_else_is_served(server, 0)
    ill.chaos.set("pass")
    all_are_answered(server, ill, MANY, exactly=ill.has_keys or mode not in UNHEARD)
    ill.chaos.set(mode)
    ill.flood(server, MANY, 10)
    everybody_else_is_served(server, 1000)
    stops_in_time(server)


def stops_in_time(server):
    begun = time.monotonic()
    assert server.stop() == 0
    assert (took := time.monotonic() - begun) < (GRACE + 2) * (3 if SANITIZED else 1), f"the stop took {took:.1f} s"


QUICK = "delivery: {timeout: 2s, backoff_min: 100ms, backoff_max: 1s}\nassistant: {retry_min: 100ms, retry_max: 1s}\n"


@pytest.mark.parametrize("mode", MODES)
def test_a_callback(begin, mode):
    a_life(begin(ill := a_callback(), QUICK), ill, mode)


@pytest.mark.parametrize("mode", MODES)
def test_a_platform_with_tokens(begin, mode):
    a_life(begin(ill := a_platform("feishu"), QUICK), ill, mode)


@pytest.mark.parametrize("mode", ["silent", "half-open"])
@pytest.mark.parametrize("name", [name for name in KINDS if name != "feishu"])
def test_a_platform(begin, name, mode):
    a_life(begin(ill := a_platform(name), QUICK), ill, mode)


@pytest.mark.parametrize("mode", MODES)
def test_a_remote_model(begin, echo_endpoint, mode):
    ill = a_model(echo_endpoint, first_token_timeout="3s", between_tokens_timeout="3s")
    a_life(begin(ill, QUICK), ill, mode)


class Engine:
    """Chaos for the llama-server of the model `guide`."""

    server = None

    def set(self, mode):
        (pid,) = (model["engine_pid"] for model in self.server.health()["models"] if model["name"] == "guide")
        os.kill(pid, signal.SIGCONT if mode == "pass" else signal.SIGSTOP)


def test_a_local_model_that_hangs(begin):
    asked, engine = AskedThere("guide"), Engine()
    ill = Ill(engine, f"  - {{name: guide, type: local, path: builtin}}\n{asked.config}", asked.flood, asked.answers, has_keys=True)
    engine.server = begin(ill, QUICK)
    wait_until(lambda: {model["state"] for model in engine.server.health()["models"]} == {"ready"}, "both models")
    a_life(engine.server, ill, "stopped")


def test_polling_a_platform_that_is_silent(begin):
    """Its messages come once it is well; nobody waits for them."""
    platform = KINDS["telegram"].make()
    platform.webhook = ""
    chaos = Chaos(platform.server.server_port)

    def flood(_, first, count):
        for number in range(first, first + count):
            platform.offer(platform.direct(text(number), chat={"id": number + 1000, "type": "private"}))

    ill = Ill(chaos, f"channels:\n  - {platform.connect_config(chaos.url)}\n", flood, platform.texts, has_keys=False)
    a_life(begin(ill, QUICK), ill, "silent")


@pytest.fixture
def among_silent_names(mounting, folder):
    """The command that runs another one where names are asked of a server that says nothing."""
    address = f"127.53.{random.randrange(256)}.{random.randrange(1, 255)}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        try:
            silent.bind((address, 53))
        except PermissionError:
            pytest.skip("only root can stand in for a name server")
        (folder / "resolv.conf").write_text(f"nameserver {address}\noptions timeout:20 attempts:1\n", encoding="utf-8")
        yield [*mounting, "sh", "-c", f'mount --bind {folder}/resolv.conf /etc/resolv.conf && exec "$@"', "sh"]


def test_a_name_server_that_is_silent(begin, among_silent_names):
    asked = AskedThere("far")
    far = f"  - {remote_model('http://far.example.com/v1', 'far', connect_timeout='1s')}\n"
    gone = f"  - {{name: gone, secret: {SECRET}, mode: callback, callback_url: 'http://gone.example.com/answers'}}\n"
    server = begin(Ill(None, far + asked.config + gone, asked.flood, asked.answers, has_keys=True), QUICK, among_silent_names)
    asked.flood(server, 0, MANY)
    for number in range(MANY):
        assert post_event(server, SECRET, f"gone-{number}", "hello", path="/api/webhook/gone", conversation=f"room-{number}")[0] == 200
    time.sleep(1.5)  # past connect_timeout, when whoever waited for a name gives it up
    everybody_else_is_served(server, 0)
    stops_in_time(server)


# With the limits everybody has who sets none: minutes.
@pytest.mark.parametrize("make", [lambda _: a_callback(), lambda _: a_platform("feishu"), a_model], ids=["callback", "platform", "model"])
def test_with_default_limits(begin, echo_endpoint, make):
    ill = make(echo_endpoint)
    server = begin(ill)
    ill.chaos.set("silent")
    ill.flood(server, 0, MANY)
    everybody_else_is_served(server, 0)
    stops_in_time(server)


def test_commands_and_the_stop_reach_a_conversation_whose_model_is_silent(begin, echo_endpoint):
    ill = a_model(echo_endpoint)
    server = begin(ill)
    ill.chaos.set("silent")

    def ask(event, said):
        return post_event(server, SECRET, event, said, path="/api/webhook/well", conversation="room")

    assert ask("choose", "/model ill")[0] == 200
    with concurrent.futures.ThreadPoolExecutor(1) as person:
        waiting = person.submit(ask, "e1", "hello?")
        wait_until(lambda: server.health()["turns"]["running"] == 1, "a turn")
        for command in ("/help", "/status"):
            assert command_beside(server, command, command, conversation="room") < PROMPT
        begun = time.monotonic()
        assert ask("stop", "/stop")[1]["text"] == "The answer was stopped."
        assert waiting.result()[1]["text"] == "(stopped)"
        assert time.monotonic() - begun < PROMPT
        waiting = person.submit(ask, "e2", "hello??")
        wait_until(lambda: server.health()["turns"]["running"] == 1, "a turn")
        stops_in_time(server)
        assert waiting.result()[0] in (202, 503), "told, not hung up on"
