#!/usr/bin/python3
"""A simulated WeCom: encrypted XML (an app) or JSON (an AI bot) out; message/send, tokens and response_url in."""
import base64
import hashlib
import json
import os
import struct
import time
import urllib.parse
import xml.sax.saxutils

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from simulator import Refusal, Simulator

CORP, AGENT, SECRET, TOKEN, AES_KEY = "wxsimulated", "1000002", "app-secret-simulated", "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
LONGEST, LONGEST_BOT = 2048, 20480


class WeCom(Simulator):
    def __init__(self, url="", port=0, ai_bot=False):
        super().__init__(port)
        self.url, self.api, self.ai_bot = url, self.base, ai_bot
        self.trusted = True
        self.used_urls = set()

    def config(self, api, extra=""):
        app = "" if self.ai_bot else f"corp_id: {CORP}, agent_id: \"{AGENT}\", secret: {SECRET}, "
        return f"{{name: wecom, type: wecom, {app}token: {TOKEN}, aes_key: {AES_KEY}, base_url: \"{api}\"{extra}}}"

    def routes(self):
        return [("GET", "/cgi-bin/gettoken", self.token), ("POST", "/cgi-bin/message/send", self.message_send), ("GET", "/cgi-bin/agent/get", self.agent), ("GET", "/cgi-bin/media/get", self.media),
                ("POST", "/cgi-bin/aibot/response", self.response)]

    def bad(self, what):
        self.strict(what)
        return Refusal(200, {"errcode": 40008, "errmsg": "invalid message: " + what})

    def token(self, request):
        if request.query != {"corpid": CORP, "corpsecret": SECRET}:
            raise Refusal(200, {"errcode": 40001, "errmsg": "invalid credential"})
        return {"errcode": 0, "errmsg": "ok", "access_token": self.new_token(), "expires_in": self.token_life}

    def authorized(self, request):
        if not self.is_token(request.query.get("access_token", "")):
            raise Refusal(200, {"errcode": 42001, "errmsg": "access_token expired"})
        if not self.trusted:
            raise Refusal(200, {"errcode": 60020, "errmsg": "not allow to access from your ip"})

    def agent(self, request):
        self.authorized(request)
        return {"errcode": 0, "errmsg": "ok", "agentid": int(AGENT), "name": "ai_bot"}

    def message_send(self, request):
        self.authorized(request)
        body = request.json(self.bad, ("touser", "agentid", "msgtype", "markdown"), ("enable_duplicate_check", "duplicate_check_interval"))
        if body["agentid"] != int(AGENT) or body["msgtype"] != "markdown" or set(body["markdown"]) != {"content"}:
            raise self.bad("agentid, msgtype or markdown")
        if len(body["markdown"]["content"].encode()) > LONGEST:
            raise self.bad("content is longer than 2048 bytes")
        if body["touser"] == "nobody":
            return {"errcode": 0, "errmsg": "ok", "invaliduser": "nobody", "msgid": "x"}
        self.show(body["touser"], body["markdown"]["content"], request.raw if body.get("enable_duplicate_check") else None)
        return {"errcode": 0, "errmsg": "ok", "msgid": str(self.next_id())}

    def media(self, request):
        self.authorized(request)
        return self.files[request.query["media_id"]]

    def response(self, request):
        code = request.query["response_code"]
        body = request.json(self.bad, ("msgtype", "markdown"))
        if code in self.used_urls:
            raise self.bad("a response_url takes one message")
        if len(body["markdown"]["content"].encode()) > LONGEST_BOT:
            raise self.bad("content is longer than 20480 bytes")
        self.used_urls.add(code)
        self.show(code.split("|")[0], body["markdown"]["content"])
        return {"errcode": 0, "errmsg": "ok"}

    # --- events
    def rate_limit(self, seconds=1):
        self.faults.append(("message/send|aibot", Refusal(200, {"errcode": 45009, "errmsg": "reach max api daily quota limit"})))

    def encrypted(self, message):
        key = base64.b64decode(AES_KEY + "=")
        plain = os.urandom(16) + struct.pack(">I", len(message)) + message + (b"" if self.ai_bot else CORP.encode())
        count = 32 - len(plain) % 32
        aes = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        return base64.b64encode(aes.update(plain + bytes([count]) * count) + aes.finalize()).decode()

    def signed(self, cipher, timestamp):
        timestamp = str(int(time.time() if timestamp is None else timestamp))
        signature = hashlib.sha1("".join(sorted([TOKEN, timestamp, "nonce", cipher])).encode()).hexdigest()
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": "nonce"}

    def verify_address(self):
        cipher = self.encrypted(b"1616140317555161061")
        return self.post(self.url + "?" + urllib.parse.urlencode({**self.signed(cipher, None), "echostr": cipher}), None, {}, method="GET")

    def send(self, message, *, timestamp=None, tamper=None):
        raw = json.dumps(message) if isinstance(message, dict) else message
        cipher = self.encrypted(raw.encode())
        body = json.dumps({"encrypt": cipher}) if self.ai_bot else f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><AgentID>{AGENT}</AgentID><Encrypt><![CDATA[{cipher}]]></Encrypt></xml>"
        body = body.encode()
        return self.post(self.url + "?" + urllib.parse.urlencode(self.signed(cipher, timestamp)), tamper(body) if tamper else body, {"Content-Type": "text/xml"})

    def xml(self, kind, inner, sender="anna", number=None):
        number = f"<MsgId>{number or self.next_id()}</MsgId>" if kind != "event" else ""
        return f"<xml><ToUserName>{CORP}</ToUserName><FromUserName>{sender}</FromUserName><CreateTime>{int(time.time())}</CreateTime><MsgType>{kind}</MsgType>{inner}{number}<AgentID>{AGENT}</AgentID></xml>"

    def direct(self, text, chat="anna", **fields):
        if not self.ai_bot:
            return self.xml("text", f"<Content>{xml.sax.saxutils.escape(text)}</Content>", sender=chat)
        number = self.next_id()
        return {"msgid": f"m{number}", "aibotid": "AIB", "chattype": "single", "from": {"userid": chat},
                "response_url": f"{self.base}/cgi-bin/aibot/response?response_code={chat}%7C{number}", "msgtype": "text", "text": {"content": text}, **fields}

    def mention(self, text, **fields):
        """Only an AI bot is in groups."""
        message = self.direct("@小助手 " + text, chat="group", **fields)
        return {**message, "chattype": "group", "chatid": "wr1", "from": {"userid": "anna"}}
