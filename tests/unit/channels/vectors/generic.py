#!/usr/bin/python3
"""Makes generic.json: requests to the generic channel with the verdict each must get."""
import hashlib
import hmac
import json
import pathlib

SECRET = "0123456789abcdef"
NOW = 1_795_554_000  # Unix seconds


def sign(timestamp, body, secret=SECRET):
    return "sha256=" + hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()


def vector(name, expected, body=None, timestamp=NOW, secret=SECRET, headers=None, **changes):
    if body is None:
        fields = {"event_id": "e1", "conversation": "room", "sender": "anna", "text": "hello", **changes}
        body = json.dumps({k: v for k, v in fields.items() if v is not None}, ensure_ascii=False)
    if headers is None:
        headers = {"X-Ai-Bot-Timestamp": str(timestamp), "X-Ai-Bot-Signature": sign(timestamp, body, secret)}
    return {"name": name, "now_ms": NOW * 1000, "headers": headers, "body": body, "expected": expected}


GOOD = {"event_id": "e1", "conversation": "room", "sender": "anna", "text": "hello"}
REFUSED = {"error": "unauthorized"}
BODY = json.dumps(GOOD)


def wrong(text):
    return {"error": "invalid", "text": text}


VECTORS = [
    vector("a plain message", GOOD),
    vector("Chinese and emoji", {**GOOD, "text": "你好 😀"}, text="你好 😀"),
    vector("spaces at the ends are removed", {**GOOD, "text": "hello"}, text=" \u3000hello\n"),
    vector("further keys are ignored", GOOD, extra={"a": [1]}),
    vector("just within the tolerance, past", GOOD, timestamp=NOW - 300),
    vector("just within the tolerance, future", GOOD, timestamp=NOW + 300),
    vector("too old", REFUSED, timestamp=NOW - 301),
    vector("from the future", REFUSED, timestamp=NOW + 301),
    vector("another secret", REFUSED, secret="another secret!!"),
    vector("a body that was changed", REFUSED, body=BODY.replace("hello", "hellO"),
           headers={"X-Ai-Bot-Timestamp": str(NOW), "X-Ai-Bot-Signature": sign(NOW, BODY)}),
    vector("a timestamp that was changed", REFUSED, body=BODY,
           headers={"X-Ai-Bot-Timestamp": str(NOW + 1), "X-Ai-Bot-Signature": sign(NOW, BODY)}),
    vector("no headers", REFUSED, headers={}),
    vector("no signature", REFUSED, headers={"X-Ai-Bot-Timestamp": str(NOW)}),
    vector("no timestamp", REFUSED, body=BODY, headers={"X-Ai-Bot-Signature": sign("", BODY)}),
    vector("a signature without its prefix", REFUSED, body=BODY,
           headers={"X-Ai-Bot-Timestamp": str(NOW), "X-Ai-Bot-Signature": sign(NOW, BODY)[7:]}),
    vector("a signature in capitals", REFUSED, body=BODY,
           headers={"X-Ai-Bot-Timestamp": str(NOW), "X-Ai-Bot-Signature": "sha256=" + sign(NOW, BODY)[7:].upper()}),
    vector("a truncated signature", REFUSED, body=BODY,
           headers={"X-Ai-Bot-Timestamp": str(NOW), "X-Ai-Bot-Signature": sign(NOW, BODY)[:-1]}),
    vector("a timestamp in milliseconds", REFUSED, timestamp=NOW * 1000),
    vector("a negative timestamp", REFUSED, timestamp=-NOW),
    vector("a timestamp with a sign", REFUSED, timestamp=f"+{NOW}"),
    vector("a timestamp that is no number", REFUSED, timestamp="now"),
    vector("a timestamp past every integer", REFUSED, timestamp="9" * 40),
    vector("not JSON", wrong("the body is not JSON"), body="hello"),
    vector("empty", wrong("the body is empty"), body=""),
    vector("a list", wrong("no object"), body="[1]"),
    vector("no event_id", wrong("event_id: must be a text"), event_id=None),
    vector("a number as event_id", wrong("event_id: must be a text"), event_id=7),
    vector("an empty conversation", wrong("conversation: must not be empty"), conversation=""),
    vector("no sender", wrong("sender: must be a text"), sender=None),
    vector("only blanks as text", wrong("text: must not be empty"), text=" \u3000 "),
    vector("an event_id that is too long", wrong("event_id: is longer than 256 bytes"), event_id="x" * 257),
    vector("the longest event_id", {**GOOD, "event_id": "x" * 256}, event_id="x" * 256),
    vector("a text that is too long", wrong("text: is longer than 100 bytes"), text="x" * 101),
]

if __name__ == "__main__":
    path = pathlib.Path(__file__).with_name("generic.json")
    path.write_text(json.dumps(VECTORS, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
