"""The platforms' official clients, as they are, against the simulators: what they can't talk to is no such platform."""
import subprocess

import pytest

from conftest import ROOT, wait_until
from test_platforms import MAKERS, dingtalk, discord, feishu, slack, telegram

CREDENTIALS = {"discord": (discord.BOT_TOKEN,), "telegram": (telegram.TOKEN,), "slack": (slack.BOT_TOKEN, slack.APP_TOKEN),
               "feishu": (feishu.APP_ID, feishu.APP_SECRET), "dingtalk": (dingtalk.CLIENT_ID, dingtalk.CLIENT_SECRET)}
PROGRAMS = {"telegram": "grammy"}  # the others are called as the platform
WRITTEN = {
    "discord": lambda p: p.message("hello", channel_id="c2", guild_id="g1", member={"roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0}),
    "slack": lambda p: p.direct("hello", files=[{"id": "F1", "name": "a.txt"}]),
}
SHOWN = {
    "discord": ["echo hello, edited"], "telegram": ["echo hello, edited"], "slack": ["echo hello of F1 by UBOT, edited", "in blocks"],
    "feishu": ["echo hello, edited", "to the person", "a post"], "dingtalk": ["echo hello"],
}


@pytest.mark.parametrize("name", CREDENTIALS)
def test_the_official_client_is_content(name):
    platform = MAKERS[name]()
    platform.webhook, platform.files["F1"] = "https://else.where" if name == "telegram" else "", b"text"
    program = subprocess.Popen(["node", str(ROOT / f"tests/e2e/platform_clients/{PROGRAMS.get(name, name)}.mjs"), platform.base, *CREDENTIALS[name]],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = []
    try:
        while "ready" not in (said or [""])[-1]:
            said.append(program.stdout.readline())
            assert said[-1], "".join(said)
        if hasattr(platform, "socket"):
            wait_until(lambda: platform.socket.client, "the connection")
        acknowledgement = platform.offer(WRITTEN.get(name, lambda p: p.direct("hello"))(platform))
        wait_until(lambda: platform.texts() == SHOWN[name], lambda: (platform.texts(), platform.refused, platform.calls, platform.messages))
        if acknowledgement:
            wait_until(lambda: any(is_answer(acknowledgement, frame) for frame in platform.socket.frames), lambda: (acknowledgement, platform.socket.frames))
        rest, _ = program.communicate("", 30)
        assert program.returncode == 0, rest
        assert platform.refused == []
        assert name != "telegram" or platform.commands == {"": [{"command": "help", "description": "What I can do"}]}
    finally:
        program.kill()


def is_answer(acknowledgement, frame):
    """Clients add what they like."""
    if "envelope_id" in acknowledgement:
        return frame.get("envelope_id") == acknowledgement["envelope_id"]
    if isinstance(frame["headers"].get("message_id"), str):  # Feishu
        return frame["headers"]["message_id"] == acknowledgement["headers"]["message_id"] and b'"code":200' in frame["payload"]
    return (frame.get("code"), frame["headers"].get("messageId")) == (200, acknowledgement["headers"].get("messageId"))
