"""What people of every platform really write and platforms really answer (tests/e2e/world/events): a row is a file.

`platform` and `chat`: where; `config`: more of the channel's configuration; `set`: attributes of the simulator; `stored`: what
can be fetched there. `events`: what the platform posts, before it is signed or encrypted: a text is the body as it is, after
"RAW" one that is meant to be JSON; {NOW}, {NOW_MS}, {IN_1H_MS} (with # numbers) and {BASE}, the simulator's address, are filled
in. `faults`: [what the path of a request contains, status, body, headers], answered in turn. `expect`: `sees`, texts that people
see (a list: one of them) since the model says what it was told; `none`, what nobody sees; `count` of answers; `outcome`, why an
event is ignored; `least_seconds` between the first and the last attempt at an answer."""
import html
import json
import pathlib
import re
import time

import pytest

from conftest import remote_model, wait_until
from test_platforms import MAKERS, Connected

CASES = sorted((pathlib.Path(__file__).parent / "world/events").glob("*.json"))
NAMES = {"wecombot": "wecom_bot", "discordgw": "discord"}  # in tests/platforms; the others are called so


def filled_in(value, base):
    if isinstance(value, list):
        return [filled_in(item, base) for item in value]
    if isinstance(value, dict):
        return {key: filled_in(item, base) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    now = time.time()
    for name, number in {"NOW": int(now), "NOW_MS": int(now * 1000), "IN_1H_MS": int((now + 3600) * 1000)}.items():
        if value == "{" + name + "#}":
            return number
        value = value.replace('"{' + name + '#}"', str(number)).replace("{" + name + "}", str(number))
    return value.replace("{BASE}", base)


def readable(text):
    """As people read it: without the escapes of the platform's Markdown, and without what has no width."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", re.sub("[\u200b\u2060]", "", html.unescape(text)))


def event_of(written):
    return written.removeprefix("RAW").encode() if isinstance(written, str) and written.startswith("RAW") else written


@pytest.fixture
def begin(make_server, echo_endpoint):
    """Starts an ai_bot with the case's platform."""
    def begin(case):
        name = NAMES.get(case["platform"], case["platform"])
        platform = MAKERS[name]()
        connects = case["platform"] == "discordgw"
        write = platform.connect_config if connects else platform.config
        server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\nchannels:\n  - {write(platform.api, case.get('config', ''))}\n").start()
        platform.url = f"{server.url}/api/webhook/{name.removesuffix('_bot')}"
        if name in ("telegram", "feishu"):
            wait_until(lambda: any("getMe" in path or "bot/v3/info" in path for _, path in platform.calls), "the bot's identity")
        if connects:
            platform.send = lambda event: platform.offer(event) or (200, {}, b"")
        return Connected(platform, server, name)

    return begin


def all_done(connected, case):
    """Everything was answered, or ignored, or given up."""
    platform = connected.platform
    if case["platform"] == "discordgw":  # where a heartbeat says what was taken in
        wait_until(lambda: {"op": 1, "d": platform.sequence} in platform.socket.frames, lambda: platform.socket.frames)
    health = connected.server.health
    wait_until(lambda: (now := health()) and now["inbox"]["open"] == now["outbox"]["open"] == 0, health)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_world_as_it_is(begin, path):
    case = json.loads(path.read_text(encoding="utf-8"))
    connected, expect = begin(case), case["expect"]
    platform = connected.platform
    for name, value in case.get("set", {}).items():
        setattr(platform, name, value)
    for method, *answer in case.get("faults", []):
        platform.fail(method, *answer)
    for message, items in case.get("stored", {}).items():
        platform.keep(message, items)
    for event in filled_in(case["events"], platform.base):
        connected.say(event_of(event))
    all_done(connected, case)
    texts = [readable(text) for text in platform.texts(case.get("chat"))]
    for wanted in expect.get("sees", []):
        assert any(one in text for one in ([wanted] if isinstance(wanted, str) else wanted) for text in texts), (wanted, texts, connected.server.log())
    for unwanted in expect.get("none", []):
        assert not any(unwanted in text for text in texts), (unwanted, texts)
    if "count" in expect:
        assert len(texts) == expect["count"], (texts, connected.server.log())
    if "outcome" in expect:
        assert connected.outcomes(expect["outcome"]) > 0
    if "least_seconds" in expect:
        attempts = [at for at, (_, path) in zip(platform.times, platform.calls) if case["faults"][0][0] in path]
        assert attempts[-1] - attempts[0] >= expect["least_seconds"]
    assert platform.faults == [] and platform.refused == []
