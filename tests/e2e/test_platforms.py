"""Every chat platform, both ways, against its simulator: what people see when they write this or that."""
import json
import sys

import pytest

from conftest import PLATFORMS, remote_model, wait_until

sys.path.insert(0, str(PLATFORMS))
import dingtalk  # noqa: E402
import discord  # noqa: E402
import feishu  # noqa: E402
import slack  # noqa: E402
import telegram  # noqa: E402
import wecom  # noqa: E402
from simulator import Refusal  # noqa: E402

MAKERS = {"slack": slack.Slack, "telegram": telegram.Telegram, "feishu": feishu.Feishu, "dingtalk": dingtalk.DingTalk,
          "wecom": wecom.WeCom, "wecom_bot": lambda **options: wecom.WeCom(ai_bot=True, **options), "discord": discord.Discord}
WITH_GROUPS = [name for name in MAKERS if name != "wecom"]
WITH_TOKENS = ["feishu", "wecom"]
WITH_EDITS = ["slack", "telegram", "feishu", "discord", "dingtalk"]
FAST = "delivery: {backoff_min: 50ms, backoff_max: 200ms}\n"


class Connected:
    """A platform and the ai_bot it talks to."""

    def __init__(self, platform, server, name):
        self.platform, self.server, self.name = platform, server, name

    def say(self, event, **options):
        """As a platform does: again while ai_bot is not ready for it."""
        status, body = wait_until(lambda: (r := self.platform.send(event, **options)) and r[0] != 503 and r[0::2], "an acknowledgement")
        assert status == 200, (status, body)

    def sees(self, text, count=1):
        """Waits until so many messages that people see contain the text."""
        wait_until(lambda: sum(text in t for t in self.platform.texts()) >= count, lambda: f"{text!r} in {self.platform.texts()}\n{self.server.log()[-3000:]}")

    def outcomes(self, outcome):
        for line in self.server.request("GET", "/metrics")[2].decode().splitlines():
            if line.startswith("ai_bot_events_total") and f'outcome="{outcome}"' in line:
                return int(float(line.split()[-1]))
        return 0


@pytest.fixture
def connect(make_server, echo_endpoint):
    def connect(name, extra="", settings=FAST, models=remote_model(echo_endpoint)):
        platform = MAKERS[name]()
        server = make_server(f"models:\n  - {models}\nchannels:\n  - {platform.config(platform.api, extra)}\n{settings}")
        platform.url = f"{server.url}/api/webhook/{name.removesuffix('_bot')}"
        server.start()
        # Who the bot is must be known before a group is understood.
        if name in ("telegram", "feishu"):
            wait_until(lambda: any("getMe" in path or "bot/v3/info" in path for _, path in platform.calls), "the bot's identity")
        connections.append(Connected(platform, server, name))
        return connections[-1]

    connections = []
    yield connect
    for connection in connections:
        assert connection.platform.refused == [], "the platform refused what it was sent"


@pytest.fixture(params=MAKERS)
def connected(connect, request):
    return connect(request.param)


def test_a_direct_message_is_answered_there(connected):
    connected.say(connected.platform.direct("hello there"))
    connected.sees("hello there")
    connected.say(connected.platform.direct("你好，世界 👋"))
    connected.sees("你好，世界 👋")
    assert len(connected.platform.texts()) == 2


def test_the_platforms_repetition_is_acknowledged_and_not_answered_again(connected):
    event = connected.platform.direct("only once")
    for _ in range(3):
        connected.say(event)
    connected.say(connected.platform.direct("the next one"))
    connected.sees("the next one")
    assert sum("only once" in text for text in connected.platform.texts()) == 1
    assert connected.outcomes("duplicate") == 2


def test_what_is_not_authentic_is_refused_without_a_word(connected):
    platform = connected.platform
    stale = platform.send(platform.direct("old"), **({"secret": "wrong"} if connected.name == "telegram" else {"timestamp": 1}))
    replies = [stale]
    if connected.name not in ("telegram", "dingtalk"):  # their signatures do not cover the body
        replies.append(platform.send(platform.direct("tampered"), tamper=lambda body: body.replace(b"a", b"b")))
    for status, _, body in replies:
        assert status == 401 and b"signature" in body
    connected.say(platform.direct("the next one"))
    connected.sees("the next one")
    assert len(platform.texts()) == 1


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "wecom"])  # whose XML can't hold it
def test_half_an_emoji_costs_no_message(connect, name):
    connected = connect(name)
    connected.say(connected.platform.direct("cut \ud83d here"))
    connected.sees("cut \ufffd here")


def test_a_server_error_is_tried_again_and_nothing_is_said_twice(connected):
    platform = connected.platform
    platform.faults += [(SENDING[connected.name], platform_error(503)), (SENDING[connected.name], platform_error(500))]
    connected.say(platform.direct("please"))
    connected.sees("please")
    assert platform.faults == [] and len(platform.texts()) == 1


def test_a_rate_limit_is_waited_for(connected):
    connected.platform.rate_limit(1)
    connected.say(connected.platform.direct("patience"))
    connected.sees("patience")
    assert connected.platform.faults == [] and len(connected.platform.texts()) == 1


@pytest.mark.parametrize("name", WITH_GROUPS)
def test_in_a_group_a_mention_is_answered_and_talk_is_not(connect, name):
    connected = connect(name)
    platform = connected.platform
    group = {
        "slack": lambda: {**platform.mention("x"), "type": "message", "channel_type": "channel", "text": "lunch?"},
        "telegram": lambda: platform.direct("lunch?", chat={"id": -100123, "type": "supergroup"}),
        "feishu": lambda: platform.direct("lunch?", chat_id="oc_group", chat_type="group"),
        "dingtalk": lambda: platform.mention("lunch?", isInAtList=False),
    }.get(name)
    if group:
        connected.say(group())
    connected.say(platform.mention("what is new?"))
    connected.sees("what is new?")
    (message,) = platform.messages
    assert "lunch" not in message["text"]
    told = {"slack": lambda: message["text"].startswith("<@U1> ") and message["thread"], "telegram": lambda: message["reply_to"],
            "feishu": lambda: message["text"].startswith("<at id=ou_anna></at>") and message["reply_to"], "dingtalk": lambda: message["at"] == {"atUserIds": ["anna"]}}
    assert told.get(name, lambda: True)(), message


def test_a_thread_is_a_conversation_of_its_own(connect):
    slack_ = connect("slack")
    slack_.say(slack_.platform.mention("in a thread", thread_ts="1767000000.000001"))
    slack_.sees("in a thread")
    assert slack_.platform.messages[0]["thread"] == "1767000000.000001"


def test_a_topic_gets_its_answers(connect):
    connected = connect("telegram")
    connected.say(connected.platform.mention("in a topic", is_topic_message=True, message_thread_id=77))
    connected.sees("in a topic")
    assert connected.platform.messages[0]["thread"] == 77


def test_bots_are_not_answered(connect):
    connected = connect("slack")
    connected.say(connected.platform.direct("beep", bot_id="B9"))
    connected.say(connected.platform.direct("boop", user="UBOT"))
    connected.say(connected.platform.direct("a person"))
    connected.sees("a person")
    assert len(connected.platform.texts()) == 1 and connected.outcomes("bot_message") == 2


FILES = {
    "slack": lambda p: p.direct("look", subtype="file_share", files=[{"id": "F1", "name": "报告.pdf", "mimetype": "application/pdf", "size": 9}]),
    "telegram": lambda p: p.direct("look", document={"file_id": "F", "file_name": "报告.pdf", "file_size": 9}),
    "feishu": lambda p: p.direct("", message_type="file", content=json.dumps({"file_key": "k", "file_name": "报告.pdf"})),
    "dingtalk": lambda p: p.direct("", msgtype="file", content={"downloadCode": "d", "fileName": "报告.pdf"}),
    "wecom": lambda p: p.xml("file", "<MediaId>m</MediaId><FileName>报告.pdf</FileName>"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_named_to_the_model(connect, name):
    connected = connect(name)
    connected.say(FILES[name](connected.platform))
    connected.sees("[file: 报告.pdf]")


TEXT_FILES = {
    "slack": lambda p, **f: p.direct("look", subtype="file_share", files=[{"id": "K", "mimetype": "text/plain", **f}]),
    "telegram": lambda p, **f: p.direct("look", document={"file_id": "K", "file_name": f["name"], "file_size": f["size"]}),
    "feishu": lambda p, **f: p.direct("", message_type="file", content=json.dumps({"file_key": "K", "file_name": f["name"]})),
    "dingtalk": lambda p, **f: p.direct("", msgtype="file", content={"downloadCode": "K", "fileName": f["name"]}),
    "wecom": lambda p, **f: p.xml("file", f"<MediaId>K</MediaId><FileName>{f['name']}</FileName>"),
}


@pytest.mark.parametrize("name", TEXT_FILES)
def test_a_text_file_is_read_along(connect, name):
    connected = connect(name)
    connected.platform.files["K"] = "first line\n第二行".encode()
    connected.say(TEXT_FILES[name](connected.platform, name="notes.txt", size=21))
    connected.sees("第二行")
    assert "[notes.txt]" in connected.platform.texts()[0]


def test_a_file_that_is_too_large_or_no_text_is_only_named(connect):
    connected = connect("telegram", extra=", max_file: 1KiB")
    connected.platform.files["K"] = b"x" * 5000  # larger than it said
    connected.say(TEXT_FILES["telegram"](connected.platform, name="large.txt", size=10))
    connected.sees("large.txt")
    connected.platform.files["K"] = b"\x00\xff"
    connected.say(TEXT_FILES["telegram"](connected.platform, name="binary.txt", size=2))
    connected.sees("binary.txt")
    assert not any("xxxx" in text for text in connected.platform.texts())
    assert connected.server.log().count("attachment.unread") == 2


def test_a_greeting_and_a_welcome_are_said_when_they_are_configured(connect):
    connected = connect("feishu", extra=", greeting: 大家好, welcome: 欢迎新同学")
    event = connected.platform.event
    connected.say(event("im.chat.member.bot.added_v1", {"chat_id": "oc_1"}))
    connected.sees("大家好")
    connected.say(event("im.chat.member.user.added_v1", {"chat_id": "oc_1", "users": [{"name": "小明"}]}))
    connected.sees("欢迎新同学")


def test_who_is_not_allowed_is_not_answered(connect):
    connected = connect("slack", extra=", allow: {users: [U1]}, answer: {prefix: \"!ai \"}")
    connected.say(connected.platform.direct("me?", user="U2"))
    connected.say({**connected.platform.mention("x"), "type": "message", "channel_type": "channel", "text": "!ai with the prefix"})
    connected.sees("with the prefix")
    assert len(connected.platform.texts()) == 1 and connected.outcomes("not_allowed") == 1


@pytest.mark.parametrize("name", WITH_TOKENS)
def test_a_token_that_expires_is_fetched_again_once(connect, name):
    connected = connect(name)
    connected.say(connected.platform.direct("before"))
    connected.sees("before")
    fetched = connected.platform.fetched_tokens
    assert fetched == 1
    connected.platform.expire_tokens()
    connected.say(connected.platform.direct("after"))
    connected.sees("after")
    assert connected.platform.fetched_tokens == fetched + 1


def test_one_token_serves_all_who_wait_for_it(connect):
    connected = connect("wecom")
    for number in range(20):
        connected.say(connected.platform.direct(f"question {number}", chat=f"person{number}"))
    for number in range(20):
        connected.sees(f"question {number}")
    assert connected.platform.fetched_tokens == 1


def test_later_dingtalk_is_answered_by_the_robots_api(connect):
    connected = connect("dingtalk")
    connected.platform.webhook_life = -1
    connected.say(connected.platform.direct("late"))
    connected.sees("late")
    assert connected.platform.messages[0]["chat"] == "robot:anna" and connected.platform.fetched_tokens == 1
    connected.say(connected.platform.mention("late in a group"))
    connected.sees("late in a group")
    assert connected.platform.messages[1]["chat"] == "robot:cidgroup"


def test_a_dingtalk_session_that_is_over_becomes_the_robots_message(connect):
    connected = connect("dingtalk")
    connected.platform.faults.append(("sendBySession", Refusal(200, {"errcode": 300001, "errmsg": "session 不存在"})))
    connected.say(connected.platform.mention("late in a group"))
    connected.sees("late in a group")
    assert [message["chat"] for message in connected.platform.messages] == ["robot:cidgroup"]


def test_a_session_webhook_elsewhere_is_not_called(connect):
    connected = connect("dingtalk")
    connected.say(connected.platform.direct("x", sessionWebhook="http://127.0.0.1:1/robot/sendBySession?session=evil"))
    connected.sees("x")
    assert connected.platform.messages[0]["chat"] == "robot:anna"


def test_discord_thinks_within_its_three_seconds_and_then_says_it(connect):
    connected = connect("discord")
    status, _, body = connected.platform.send(connected.platform.direct("slow 1 please"))
    assert (status, json.loads(body)) == (200, {"type": 5})
    connected.sees("slow 1 please")
    assert ("PATCH", "/api/v10/webhooks/99/token1/messages/@original") in connected.platform.calls


def test_discord_is_answered_in_the_channel_once_the_interaction_is_over(connect):
    connected = connect("discord")
    event = connected.platform.direct("late")
    connected.platform.dead_tokens.add(event["token"])
    connected.say(event)
    connected.sees("late")
    assert ("POST", "/api/v10/channels/c1/messages") in connected.platform.calls


@pytest.mark.parametrize("name", ["wecom", "wecom_bot"])
def test_wecom_verifies_the_address(connect, name):
    assert connect(name).platform.verify_address()[0::2] == (200, b"1616140317555161061")


LONG = "\n\n".join(f"Paragraph {n}: " + "many words " * 40 for n in range(30))  # 13 kB


@pytest.mark.parametrize("name", ["slack", "telegram", "dingtalk", "wecom", "discord", "feishu"])
def test_a_long_answer_comes_in_parts_and_whole(connect, name):
    connected = connect(name, extra=", stream: false")
    connected.say(connected.platform.direct(LONG))
    connected.sees("Paragraph 29")
    together = "".join(connected.platform.texts())
    positions = [together.index(f"Paragraph {n}:") for n in range(30)]
    assert positions == sorted(positions)


@pytest.mark.parametrize("name", WITH_EDITS)
def test_an_answer_is_seen_while_it_grows_and_is_one_message(connect, name):
    connected = connect(name, extra=", edit_interval: 300ms")
    words = " ".join(f"word{n}" for n in range(30))
    connected.say(connected.platform.direct(f"drip 2 {words}"))
    connected.sees("word29")
    wait_until(lambda: not any("…" in text for text in connected.platform.texts()), "the final text")
    (message,) = connected.platform.messages
    assert len(connected.platform.edits) >= 2
    grown = [text for _, text in connected.platform.edits]
    assert all(len(a) <= len(b) + 2 for a, b in zip(grown, grown[1:])), grown


@pytest.mark.parametrize("name", WITH_EDITS)
def test_a_draft_that_was_deleted_is_no_obstacle(connect, name):
    connected = connect(name, extra=", edit_interval: 300ms")
    connected.say(connected.platform.direct("drip 2 one two three four five six seven eight"))
    wait_until(lambda: connected.platform.messages, "the draft")
    with connected.platform.lock:
        connected.platform.messages.clear()
    connected.sees("eight")


def test_a_dingtalk_card_mentions_the_asker_in_a_group(connect):
    connected = connect("dingtalk", extra=", edit_interval: 300ms")
    connected.say(connected.platform.mention("drip 2 " + " ".join(f"word{n}" for n in range(20))))
    connected.sees("word19")
    assert connected.platform.messages[0]["at"] == {"anna": "安娜"}


def test_without_permission_for_cards_dingtalk_gets_a_message(connect):
    connected = connect("dingtalk", extra=", edit_interval: 300ms")
    connected.platform.has_cards = False
    connected.say(connected.platform.direct("drip 2 one two three four five six seven eight"))
    connected.sees("eight")
    assert len(connected.platform.messages) == 1 and not connected.platform.edits


def test_a_dingtalk_card_that_may_no_longer_be_changed_becomes_a_message(connect):
    connected = connect("dingtalk", extra=", edit_interval: 300ms")
    connected.say(connected.platform.direct("drip 2 one two three four five six seven eight"))
    wait_until(lambda: connected.platform.messages, "the draft")
    connected.platform.has_cards = False
    connected.sees("eight")


def test_a_platform_that_says_never_leaves_a_dead_letter(connect):
    connected = connect("telegram")
    connected.say(connected.platform.direct("blocked", chat={"id": 13, "type": "private"}))
    doctor = wait_until(lambda: (r := connected.server.cli("doctor", "--json").stdout) and "blocked by the user" in r and r, "the dead letter")
    assert "Forbidden" in doctor


def test_several_bots_of_one_platform(make_server, echo_endpoint):
    one, two = slack.Slack(), slack.Slack()
    both = "\n  - ".join([one.config(one.api), two.config(two.api).replace("name: slack", "name: sales")])
    server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\nchannels:\n  - {both}\n").start()
    one.url, two.url = f"{server.url}/api/webhook/slack", f"{server.url}/api/webhook/sales"
    assert one.send(one.direct("to one"))[0] == two.send(two.direct("to two"))[0] == 200
    wait_until(lambda: one.texts() == ["to one"] and two.texts() == ["to two"], lambda: (one.texts(), two.texts()))


# --- without a public address
@pytest.fixture
def connect_out(make_server, echo_endpoint):
    def connect_out(name):
        platform = MAKERS[name]()
        platform.webhook = ""
        server = make_server(f"models:\n  - {remote_model(echo_endpoint)}\nchannels:\n  - {platform.connect_config(platform.api)}\n{FAST}").start()
        if hasattr(platform, "socket"):
            wait_until(lambda: platform.socket.client, lambda: f"the connection\n{server.log()[-3000:]}")
        made.append(Connected(platform, server, name))
        return made[-1]

    made = []
    yield connect_out
    for connection in made:
        assert connection.platform.refused == []


def written_by(connected, text):
    platform = connected.platform
    return platform.message(text) if connected.name == "discord" else platform.direct(text)


@pytest.mark.parametrize("name", ["telegram", "dingtalk", "slack", "discord", "feishu"])
def test_over_a_connection_of_its_own_messages_are_answered_once(connect_out, name):
    connected = connect_out(name)
    event = written_by(connected, "over the connection")
    acknowledgement = connected.platform.offer(event)
    connected.sees("over the connection")
    if acknowledgement:
        wait_until(lambda: acknowledgement in connected.platform.socket.frames, lambda: connected.platform.socket.frames)
        connected.platform.offer(event)
    connected.platform.offer(written_by(connected, "the next one"))
    connected.sees("the next one")
    assert len(connected.platform.texts()) == 2


@pytest.mark.parametrize("name", ["dingtalk", "slack", "discord", "feishu"])
def test_a_connection_that_breaks_is_made_again(connect_out, name):
    connected = connect_out(name)
    connected.platform.offer(written_by(connected, "before"))
    connected.sees("before")
    socket = connected.platform.socket
    socket.drop()
    wait_until(lambda: socket.connections == 2 and socket.client, lambda: f"{socket.connections}\n{connected.server.log()[-2000:]}")
    connected.platform.offer(written_by(connected, "after"))
    connected.sees("after")


def test_discords_session_is_resumed_and_its_heartbeat_kept(connect_out):
    connected = connect_out("discord")
    platform = connected.platform
    platform.offer(platform.message("hello"))
    connected.sees("hello")
    wait_until(lambda: sum(f["op"] == 1 for f in platform.socket.frames) >= 2, lambda: platform.socket.frames)
    last = platform.sequence
    platform.socket.drop()
    wait_until(lambda: platform.resumed == [("session-1", last)], lambda: platform.resumed)
    assert platform.socket.paths[0] == "/?v=10&encoding=json"


def test_what_came_while_a_poll_was_lost_is_still_answered_once(connect_out):
    connected = connect_out("telegram")
    platform = connected.platform
    platform.faults += [("getUpdates", platform_error(502)), ("getUpdates", platform_error(500))]
    for number in range(5):
        platform.offer(platform.direct(f"question {number}"))
    for number in range(5):
        connected.sees(f"question {number}")
    assert len(platform.texts()) == 5


def test_feishus_connection_is_pinged(connect_out):
    connected = connect_out("feishu")
    wait_until(lambda: any(f["headers"].get("type") == "ping" for f in connected.platform.socket.frames), "a ping")
    assert connected.platform.socket.paths[0].startswith("/ws/v2?device_id=1")


def test_slack_asks_for_a_new_connection_and_gets_it(connect_out):
    connected = connect_out("slack")
    connected.platform.socket.push({"type": "disconnect", "reason": "refresh_requested"})
    wait_until(lambda: connected.platform.socket.connections == 2, lambda: f"{connected.platform.socket.connections} {connected.platform.calls}\n{connected.server.log()}")
    assert connected.platform.socket.paths[0] == "/link/?ticket=a%2Bb&app_id=1"


# --- the command line
def test_channel_test_says_what_is_missing(connect):
    slack_ = connect("slack")
    good = slack_.server.cli("channel", "test")
    assert (good.returncode, good.stdout) == (0, "✓ slack (slack)\n"), good
    slack_.platform.scopes = "chat:write"
    bad = slack_.server.cli("channel", "test", "slack", "--json")
    (report,) = json.loads(bad.stdout)
    assert bad.returncode == 1 and report["ok"] is False and "app_mentions:read, im:history" in report["findings"][0]


FLAWS = {"feishu": ("has_scope", "im:message"), "dingtalk": ("has_permission", "qyapi_robot_sendmsg"), "wecom": ("trusted", "trusted IPs")}


@pytest.mark.parametrize("name", FLAWS)
def test_channel_test_names_the_setting(connect, name):
    connected = connect(name)
    assert connected.server.cli("channel", "test", name).returncode == 0
    setattr(connected.platform, FLAWS[name][0], False)
    flawed = connected.server.cli("channel", "test", name)
    assert flawed.returncode == 1 and FLAWS[name][1] in flawed.stdout, flawed


def test_channel_test_in_chinese_and_for_wrong_credentials(make_server):
    platform = telegram.Telegram()
    server = make_server(f"channels:\n  - {platform.config(platform.api).replace(telegram.TOKEN, '42:wrong')}\n", LANG="zh_CN.UTF-8", LC_ALL="")
    result = server.cli("channel", "test")
    assert result.returncode == 1 and "请向 BotFather 获取 token" in result.stdout, result


def test_channel_send_says_something(connect):
    for name, to in {"telegram": "7"}.items():
        connected = connect(name)
        result = connected.server.cli("channel", "send", name, to, "**Hello** `you`")
        assert (result.returncode, result.stdout) == (0, "sent\n"), result
        assert connected.platform.messages[0]["html"] == "<b>Hello</b> <code>you</code>"
        unknown = connected.server.cli("channel", "send", "nobody", to, "x")
        assert unknown.returncode == 1 and "no channel is called 'nobody'; known: telegram" in unknown.stderr


def test_a_channel_that_connects_takes_nothing_by_webhook(connect_out):
    connected = connect_out("slack")
    platform = connected.platform
    platform.url = f"{connected.server.url}/api/webhook/slack"
    assert platform.send(platform.direct("forged with an empty secret"))[0] == 404


def test_channel_list_shows_the_webhooks(connect):
    (listed,) = json.loads(connect("slack").server.cli("channel", "list", "--json").stdout)
    assert listed.pop("for_s") >= 0
    assert listed.pop("as", "@ai_bot") == "@ai_bot", "where Slack has told it by then"
    assert listed == {"name": "slack", "type": "slack", "mode": "webhook", "webhook": "/api/webhook/slack", "default": False, "state": "idle"}


SENDING = {"slack": "chat.postMessage", "telegram": "sendMessage", "feishu": "/im/v1/messages", "dingtalk": "sendBySession", "wecom": "message/send",
           "wecom_bot": "aibot", "discord": "@original|/messages"}


def platform_error(status):
    return Refusal(status, {"error": "as asked"})
