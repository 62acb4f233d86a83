#!/usr/bin/python3
"""A simulated Feishu: encrypted and signed events out, the IM API in."""
import base64
import hashlib
import json
import os
import re
import time

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from crash_run import run_as_program
from simulator import Refusal, Simulator, Socket

APP_ID, APP_SECRET, KEY, TOKEN = "cli_a1b2c3d4e5f6a7b8", "app-secret-simulated", "encrypt-key-of-the-app", "verification-token"
LONGEST_CARD, LONGEST_TEXT, MOST_TABLES = 30 * 1024, 150 * 1024, 5
RECEIVERS = ("open_id", "user_id", "union_id", "email", "chat_id")
TABLE = re.compile(r"^ *\|.*\n *\|(?: *:?-+:? *\|)+ *$", re.M)
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.M | re.S)


# The frames of the long connection (pbbp2.proto of the SDK): field -> name.
NUMBERS, TEXTS = {1: "seq", 2: "log", 3: "service", 4: "method"}, {6: "payload_encoding", 7: "payload_type", 9: "log_new"}


def varint(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def field(number, raw):
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def write_frame(frame):
    out = b"".join(varint(number << 3) + varint(frame.get(name, 0)) for number, name in NUMBERS.items())
    for key, value in frame["headers"].items():
        out += field(5, field(1, key.encode()) + field(2, value.encode()))
    for number, name in TEXTS.items():
        out += field(number, frame[name].encode()) if name in frame else b""
    return out + field(8, frame["payload"])


def read_fields(raw):
    at = 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = raw[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(raw):
        tag = number()
        value = number()
        if tag & 7 == 2:
            at, value = at + value, raw[at:at + value]
        yield tag >> 3, value


def read_frame(raw):
    frame = {"headers": {}}
    for number, value in read_fields(raw):
        if number == 5:
            header = dict(read_fields(value))
            frame["headers"][header[1].decode()] = header[2].decode()
        elif number == 8:
            frame["payload"] = value
        else:
            frame[NUMBERS.get(number) or TEXTS[number]] = value if number in NUMBERS else value.decode()
    return frame


class Feishu(Simulator):
    def __init__(self, url="", port=0):
        super().__init__(port)
        self.url, self.api = url, self.base
        self.has_scope = True
        self.asked = {}    # message of a person -> its chat
        self.history = {}  # message -> the items it consists of: itself, and what it forwards
        self.socket = Socket(lambda: [], self.on_frame, read_frame, write_frame)

    config = staticmethod(lambda api, extra="": f"{{name: feishu, type: feishu, app_id: {APP_ID}, app_secret: {APP_SECRET}, encrypt_key: {KEY}, verification_token: {TOKEN}, base_url: \"{api}\"{extra}}}")

    def routes(self):
        return [("POST", "/callback/ws/endpoint", self.open_connection), ("POST", "/open-apis/auth/v3/tenant_access_token/internal", self.token), ("GET", "/open-apis/bot/v3/info", self.info),
                ("POST", "/open-apis/im/v1/messages", self.create), ("POST", "/open-apis/im/v1/messages/([^/]+)/reply", self.reply),
                ("GET", "/open-apis/im/v1/messages/([^/]+)/resources/([^/]+)", self.resource),
                ("PATCH", "/open-apis/im/v1/messages/([^/]+)", self.patch), ("GET", "/open-apis/im/v1/messages/([^/]+)", self.get),
                ("DELETE", "/open-apis/im/v1/messages/([^/]+)", self.delete)]

    def refusal(self, code, msg, status=400, headers=None):
        return Refusal(status, {"code": code, "msg": msg}, headers)

    def bad(self, what):
        self.strict(what)
        return self.refusal(230001, "Your request contains an invalid request parameter: " + what)

    def authorized(self, request):
        token = request.headers.get("Authorization", "")
        if not token.startswith("Bearer ") or not self.is_token(token[7:]):
            raise self.refusal(99991663, "Invalid access token for authorization. Please make a request with token attached.")

    def token(self, request):
        body = request.json(self.bad, ("app_id", "app_secret"))
        if body != {"app_id": APP_ID, "app_secret": APP_SECRET}:
            raise self.refusal(10014, "app secret invalid", 200)
        return {"code": 0, "msg": "ok", "tenant_access_token": self.new_token(), "expire": self.token_life}

    def open_connection(self, request):
        if request.json(self.bad, ("AppID", "AppSecret")) != {"AppID": APP_ID, "AppSecret": APP_SECRET}:
            raise self.refusal(1000040345, "app_id or app_secret is invalid", 200)
        return {"code": 0, "msg": "", "data": {"URL": f"{self.socket.url}/ws/v2?device_id=1&access_key=k&service_id=33554678&ticket=t", "ClientConfig": {"PingInterval": 1, "ReconnectCount": -1, "ReconnectInterval": 1, "ReconnectNonce": 1}}}

    def on_frame(self, frame):
        if frame["headers"].get("type") == "ping":
            if frame["service"] != 33554678:
                self.strict("the service of a ping")
            return [{**frame, "headers": {"type": "pong"}, "payload": b'{"PingInterval":1}'}]
        return []

    connect_config = staticmethod(lambda api, extra="": f"{{name: feishu, type: feishu, mode: connect, app_id: {APP_ID}, app_secret: {APP_SECRET}, base_url: \"{api}\"{extra}}}")

    def offer(self, payload):
        """By the long connection, in two parts; what acknowledges it."""
        raw = self.noted(payload)
        number = self.next_id()
        frame = {"seq": number, "log": 7, "service": 33554678, "method": 1, "payload_type": "json"}
        headers = {"type": "event", "message_id": f"m{number}", "sum": "2", "trace_id": "t"}
        for seq, part in enumerate((raw[:100], raw[100:])):
            self.socket.push({**frame, "headers": {**headers, "seq": str(seq)}, "payload": part})
        return {**frame, "headers": {**headers, "seq": "1", "biz_rt": "0"}, "payload": b'{"code":200}'}

    def info(self, request):
        self.authorized(request)
        return {"code": 0, "msg": "ok", "bot": {"activate_status": 2, "app_name": "小助手", "open_id": "ou_bot"}}

    def text_of(self, kind, content):
        """What people see of it."""
        if len(content.encode()) > (LONGEST_TEXT if kind == "text" else LONGEST_CARD):
            self.strict("the content is too long")
            raise self.refusal(230025, "The length of the message content reaches its limit.")
        content = json.loads(content)
        if kind == "text":
            return content["text"]
        if kind == "post":
            return "\n".join("".join(piece.get("text", "") for piece in line) for post in content.values() for line in post["content"])
        if kind != "interactive":
            raise self.bad("msg_type")
        return self.card_text(content)

    def card_text(self, card):
        if not {"schema", "body"} <= set(card) <= {"schema", "config", "header", "body"} or card["schema"] != "2.0":
            raise self.bad("not a card of schema 2.0")
        elements = card["body"]["elements"]
        for element in elements:
            if set(element) != {"tag", "content"} or element["tag"] != "markdown" or not element["content"].strip():
                raise self.bad("not a Markdown element")
        text = "\n\n".join(element["content"] for element in elements)
        if len(TABLE.findall(FENCE.sub("", text))) > MOST_TABLES:
            raise self.refusal(230099, "Failed to create card content, ext=ErrCode: 11310; ErrMsg: card table number over limit; ErrorValue: table; ")
        return text

    def create(self, request):
        self.authorized(request)
        if request.query.get("receive_id_type") not in RECEIVERS:
            raise self.bad("receive_id_type")
        return self.send_message(request, request.json(self.bad, ("receive_id", "msg_type", "content"), ("uuid",)), None)

    def reply(self, request, question):
        self.authorized(request)
        return self.send_message(request, request.json(self.bad, ("msg_type", "content"), ("uuid", "reply_in_thread")), question)

    def send_message(self, request, body, question):
        if len(body.get("uuid", "")) > 50:
            raise self.bad("uuid")
        chat = body.get("receive_id") or self.asked.get(question)
        if chat == "oc_gone":
            raise self.refusal(230002, "Bot/User can NOT be out of the chat.")
        text = self.text_of(body["msg_type"], body["content"])
        message = self.show(chat, text, body.get("uuid"), id=f"om_a{self.next_id()}", reply_to=question, thread=body.get("reply_in_thread", False))
        return {"code": 0, "msg": "success", "data": {"message_id": message, "chat_id": chat, "msg_type": body["msg_type"], "create_time": str(int(time.time() * 1000))}}

    def resource(self, request, message, key):
        self.authorized(request)
        if request.query.get("type") not in ("image", "file"):
            raise self.bad("type")
        return self.files[key]

    def patch(self, request, message):
        self.authorized(request)
        body = request.json(self.bad, ("content",))
        if not self.change(message, self.text_of("interactive", body["content"])):
            raise self.refusal(230011, "The message was withdrawn.")
        return {"code": 0, "msg": "success", "data": {}}

    def delete(self, request, message):
        self.authorized(request)
        if not self.remove(message):
            raise self.refusal(230011, "The message was withdrawn.")
        return {"code": 0, "msg": "success", "data": {}}

    def get(self, request, message):
        self.authorized(request)
        if not self.has_scope:
            raise self.refusal(99991672, "Access denied. One of the following scopes is required: [im:message].")
        if message not in self.history:
            raise self.refusal(230001, "invalid message_id")
        return {"code": 0, "msg": "success", "data": {"items": self.history[message]}}

    def keep(self, message, items):
        """What GET shows of a message: items of msg_type and content, the first is itself."""
        written = {"create_time": str(int(time.time() * 1000)), "deleted": False, "updated": False, "sender": {"id": "ou_jo", "id_type": "open_id", "sender_type": "user", "tenant_key": "t"}}
        self.history[message] = [{"message_id": message if number == 0 else f"{message}_{number}", **({"upper_message_id": message} if number else {}), **written,
                                  "msg_type": item["msg_type"], "body": {"content": json.dumps(item["content"])}} for number, item in enumerate(items)]

    # --- events
    def rate_limit(self, seconds=1):
        self.faults.append(("/im/v1/messages", self.refusal(99991400, "request trigger frequency limit", 429, {"x-ogw-ratelimit-reset": str(seconds)})))

    def noted(self, payload):
        """The bytes of an event; where its message was written is remembered, for the answer."""
        message = {} if isinstance(payload, bytes) else payload["event"].get("message", {})
        with self.lock:
            self.asked[message.get("message_id")] = message.get("chat_id")
        return self.written_event(payload)

    def encrypted(self, payload):
        iv = os.urandom(16)
        padder = padding.PKCS7(128).padder()
        padded = padder.update(payload) + padder.finalize()
        aes = Cipher(algorithms.AES(hashlib.sha256(KEY.encode()).digest()), modes.CBC(iv)).encryptor()
        return json.dumps({"encrypt": base64.b64encode(iv + aes.update(padded) + aes.finalize()).decode()}, separators=(",", ":")).encode()

    def send(self, payload, *, timestamp=None, tamper=None):
        body = self.encrypted(self.noted(payload))
        timestamp = str(int(time.time() if timestamp is None else timestamp))
        signature = hashlib.sha256((timestamp + "nonce" + KEY).encode() + body).hexdigest()
        headers = {"Content-Type": "application/json", "X-Lark-Request-Timestamp": timestamp, "X-Lark-Request-Nonce": "nonce", "X-Lark-Signature": signature}
        return self.post(self.url, tamper(body) if tamper else body, headers)

    def event(self, kind, event):
        return {"schema": "2.0", "header": {"event_id": f"ev{self.next_id()}", "token": TOKEN, "create_time": str(int(time.time() * 1000)), "event_type": kind, "tenant_key": "t", "app_id": APP_ID}, "event": event}

    def direct(self, text, *, message_id=None, sender_type="user", **fields):
        message = {"message_id": message_id or f"om_q{self.next_id()}", "create_time": str(int(time.time() * 1000)), "chat_id": "oc_direct", "chat_type": "p2p", "message_type": "text", "content": json.dumps({"text": text}), **fields}
        return self.event("im.message.receive_v1", {"sender": {"sender_id": {"open_id": "ou_anna"}, "sender_type": sender_type, "tenant_key": "t"}, "message": message})

    def mention(self, text, **fields):
        return self.direct("@_user_1 " + text, **{"chat_id": "oc_group", "chat_type": "group", "mentions": [{"key": "@_user_1", "id": {"open_id": "ou_bot"}, "name": "小助手", "tenant_key": "t"}], **fields})


if __name__ == "__main__":
    def chat_of(conversation):
        return f"oc_{conversation:03}"

    def event_of(feishu, identity, conversation, text):
        return feishu.direct(text, message_id="om_" + identity, chat_id=chat_of(conversation))

    run_as_program(__doc__, lambda options: Feishu(options.url, options.port), event_of, chat_of)
