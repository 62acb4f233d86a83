"""What ai_bot sends the platforms, compiled against their official types (tests/e2e/platform_clients/requests.ts), in which a
field too many is an error."""
import json
import re
import shutil
import signal
import subprocess

import pytest

from conftest import PATIENCE, ROOT, Server, remote_model, wait_until
from test_platforms import MAKERS, TEXT_FILES, Connected, written_by

CLIENTS = ROOT / "tests/e2e/platform_clients"
PARTS = "pages 5"  # more than a message of most platforms holds
# (method, path) -> the name of its type; None: it has nothing but its path.
TYPES = {
    "discord": {
        "POST .*/channels/[^/]+/messages": "DiscordMessage", "PATCH .*/channels/[^/]+/messages/[^/]+": "DiscordEdit",
        "PATCH .*/webhooks/.*/@original": "DiscordOriginal", "POST .*/webhooks/[^/]+/[^/]+": "DiscordFollowUp",
        "POST .*/typing": None, "(GET|DELETE) .*": None,
    },
    "telegram": {
        "POST .*/sendMessage": "TelegramMessage", "POST .*/editMessageText": "TelegramEdit", "POST .*/sendChatAction": "TelegramAction", "POST .*/deleteMessage": "TelegramDelete", "POST .*/answerCallbackQuery": "TelegramPressed",
        "POST .*/getUpdates": "TelegramPoll", "POST .*/getFile": "TelegramFile", "POST .*/setMyCommands": "TelegramCommands",
        ".* .*/(getMe|getWebhookInfo|documents/.*)": None,
    },
    "slack": {
        "POST .*/chat.postMessage": "SlackMessage", "POST .*/chat.update": "SlackUpdate", "POST .*/chat.delete": "SlackDelete", "(GET|POST) .*/files.info": "SlackFile", "POST .*/auth.test": "SlackTest",
        "POST .*/apps.connections.open": "SlackConnection", "GET /files/.*": None,
    },
    "feishu": {
        "POST .*/im/v1/messages": "FeishuMessage", "POST .*/messages/(?P<message_id>[^/]+)/reply": "FeishuReply", "PATCH .*/messages/(?P<message_id>[^/]+)": "FeishuPatch",
        "GET .*/messages/(?P<message_id>[^/]+)/resources/(?P<file_key>[^/]+)": "FeishuResource", "GET .*/messages/(?P<message_id>[^/]+)": "FeishuGet", "DELETE .*/messages/(?P<message_id>[^/]+)": "FeishuDelete",
        "POST .*/tenant_access_token/internal": "FeishuToken", "POST /callback/ws/endpoint": "FeishuConnection", "GET .*/bot/v3/info": None,
    },
    "dingtalk": {
        "POST .*/accessToken": "DingTalkToken", "POST /robot/sendBySession": "DingTalkSession", "POST .*/oToMessages/batchSend": "DingTalkToPeople",
        "POST .*/groupMessages/send": "DingTalkToGroup", "POST .*/otoMessages/batchRecall": "DingTalkRecallFromPeople", "POST .*/groupMessages/recall": "DingTalkRecallFromGroup",
        "POST .*/messageFiles/download": "DingTalkFile", "POST .*/createAndDeliver": "DingTalkCard",
        "PUT .*/card/streaming": "DingTalkStreaming", "PUT .*/card/instances": "DingTalkUpdate", "POST .*/connections/open": "DingTalkConnection", "GET /files/.*": None,
    },
    "wecom": {"POST .*/message/send": "WeComMessage", "GET .*": "Query", "POST .*/aibot/response": "WeComBot"},
}
LAX = {"Query", "SlackConnection"}  # let every field in
NOT_SENT = {"TelegramCommands", "TelegramPressed", "TelegramDelete", "SlackDelete", "FeishuDelete", "DingTalkRecallFromPeople", "DingTalkRecallFromGroup"}  # by this


def typed(name, request):
    """The name of a request's type and its value; None for what has neither."""
    for pattern, kind in TYPES[name].items():
        if match := re.fullmatch(pattern, f"{request.method} {request.path}"):
            if kind is None:
                return None
            is_form = request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
            body = request.form() if is_form else json.loads(request.raw) if request.raw else None
            if name == "feishu":
                parts = {"path": match.groupdict(), "params": request.query, "data": body}
                return kind, {key: value for key, value in parts.items() if value}
            return kind, request.query if body is None else body
    pytest.fail(f"what type is {request.method} {request.path} of?")


def with_too_much(value):
    """A request with a field too many, in its body where it is a Feishu one."""
    part = next((part for part in ("data", "params", "path") if isinstance(value.get(part), dict)), None)
    return {**value, part: {**value[part], "a_field_too_many": 1}} if part else {**value, "a_field_too_many": 1}


def talk(connected, connects):
    """Everything that makes ai_bot send another kind of request."""
    platform = connected.platform
    for text in ("a short one", "drip 2 " + " ".join(f"word{n}" for n in range(20))):
        if connects:
            platform.offer(written_by(connected, text))
        else:
            connected.say(platform.direct(text))
        connected.sees(text)
    if connects:
        return
    if connected.name != "wecom":  # which is in no groups
        connected.say(platform.mention("in a group"))
        connected.sees("in a group")
    connected.say(platform.direct(PARTS))
    connected.sees("THE END")
    if connected.name in TEXT_FILES:
        platform.files["K"] = b"text of the file"
        connected.say(TEXT_FILES[connected.name](platform, name="notes.txt", size=16))
        connected.sees("text of the file")
    if connected.name == "dingtalk":  # whose session webhooks end
        platform.webhook_life = -1
        for event in (platform.direct("late"), platform.mention("late in a group")):
            connected.say(event)
        connected.sees("late in a group")
    connected.server.cli("channel", "test")


def talks(folder, echo_endpoint, name, connects):
    platform = MAKERS[name]()
    platform.webhook = "" if connects else "set"
    write = platform.connect_config if connects else platform.config
    server = Server(folder, f"models:\n  - {remote_model(echo_endpoint)}\nchannels:\n  - {write(platform.api, ', edit_interval: 300ms')}\n"
                         "delivery: {backoff_min: 50ms, backoff_max: 200ms}\n").start()
    platform.url = f"{server.url}/api/webhook/{name.removesuffix('_bot')}"
    try:
        begin(platform, server, name, connects)
    finally:
        server.stop(signal.SIGKILL)
    assert platform.refused == []
    return platform


def begin(platform, server, name, connects):
    connected = Connected(platform, server, name)
    if connects and hasattr(platform, "socket"):
        wait_until(lambda: platform.socket.client, "the connection")
    if name in ("telegram", "feishu"):
        wait_until(lambda: any("getMe" in path or "bot/v3/info" in path for _, path in platform.calls), "the bot's identity")
    talk(connected, connects)


def test_what_is_sent_has_the_official_types(echo_endpoint, folder):
    values = []
    for name in MAKERS:
        for connects in (False, True):
            if connects and name.startswith("wecom"):
                continue
            (own := folder / f"{name}-{connects}").mkdir()
            platform = talks(own, echo_endpoint, name, connects)
            values += [value for request in platform.requests if (value := typed(name.removesuffix("_bot"), request))]
            if name == "discord":
                values += [("DiscordFrame", frame) for frame in platform.socket.frames] if connects else [("DiscordResponse", {"type": 5})]
    untried = {kind for kinds in TYPES.values() for kind in kinds.values() if kind} - {kind for kind, _ in values} - NOT_SENT
    assert not untried
    different = sorted({(kind, json.dumps(value, ensure_ascii=False, sort_keys=True)) for kind, value in values})
    lines = [f"export const a{number}: sent.{kind} = {value};" for number, (kind, value) in enumerate(different)]
    for kind, value in dict(values).items():
        if kind not in LAX:
            lines += ["// @ts-expect-error: it is a type that refuses", f"export const no{kind}: sent.{kind} = {json.dumps(with_too_much(value))};"]
    (folder / "sent.ts").write_text('import type * as sent from "./requests.js";\n' + "\n".join(lines) + "\n", encoding="utf-8")
    for file in ("requests.ts", "tsconfig.json", "package.json"):
        shutil.copy(CLIENTS / file, folder)
    (folder / "node_modules").symlink_to(CLIENTS / "node_modules")
    checked = subprocess.run([CLIENTS / "node_modules/.bin/tsc"], cwd=folder, capture_output=True, text=True, timeout=PATIENCE * 5)
    wrong = {int(number) for number in re.findall(r"^sent.ts\((\d+)", checked.stdout, re.M)}
    assert checked.returncode == 0, checked.stdout + "\n".join("\n".join(lines[number - 2:number])[:1000] for number in sorted(wrong))
