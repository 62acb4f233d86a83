#!/usr/bin/python3
"""A simulated Discord: signed interactions out, the REST API in."""
import contextlib
import json
import time

import websockets
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from simulator import Close, Refusal, Simulator, Socket

APPLICATION, BOT_TOKEN = "99", "simulated.bot.token"
USER = {"id": APPLICATION, "username": "ai_bot", "discriminator": "0000", "global_name": None, "avatar": None, "bot": True}
ROLE = {"name": "ai_bot", "color": 0, "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}, "hoist": False, "position": 1, "permissions": "0", "managed": True, "mentionable": True, "flags": 0}
# The role 77001 is the bot's own: it came with it, and people mention one or the other.
GUILD = {"id": "g1", "name": "team", "owner_id": "u1", "unavailable": False, "member_count": 2, "large": False, "roles": [{**ROLE, "id": "77001", "tags": {"bot_id": APPLICATION}}],
         "emojis": [], "stickers": [], "features": [], "channels": [{"id": "c2", "type": 0, "name": "general", "position": 0, "permission_overwrites": []}], "threads": [], "members": [], "presences": [], "voice_states": [], "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": []}
MESSAGE = {"type": 0, "timestamp": "2026-01-01T00:00:00+00:00", "edited_timestamp": None, "tts": False, "mention_everyone": False, "mentions": [], "mention_roles": [],
           "attachments": [], "embeds": [], "pinned": False, "flags": 0, "components": []}
LONGEST = 2000
FIELDS = ("allowed_mentions", "attachments", "components", "embeds", "enforce_nonce", "flags", "message_reference", "nonce", "poll", "sticker_ids", "tts")
KEY = Ed25519PrivateKey.from_private_bytes(b"\x03" * 32)
PUBLIC_KEY = KEY.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()


class Discord(Simulator):
    def __init__(self, url="", port=0):
        super().__init__(port)
        self.url, self.api = url, self.base + "/api/v10"
        self.thinking = {}  # interaction token -> message id of the deferred response
        self.dead_tokens = set()
        self.sequence, self.resumed = 0, []
        self.has_content_intent = True   # the switch on the Bot page
        self.starts, self.identified = 1000, []  # session_start_limit.remaining; when each IDENTIFY came
        self.acknowledges = True         # heartbeats
        self.session = None              # the one that can be resumed
        self.introduced = 0              # the connection that identified or resumed
        self.history = []                # its dispatches: (sequence, frame)
        self.token = BOT_TOKEN           # what the Bot page shows now
        self.socket = Socket(lambda: [{"op": 10, "d": {"heartbeat_interval": 400}}], self.on_frame, write=self.numbered, on_end=self.end_of)

    config = staticmethod(lambda api, extra="": f"{{name: discord, type: discord, application_id: \"{APPLICATION}\", public_key: {PUBLIC_KEY}, bot_token: {BOT_TOKEN}, base_url: \"{api}\"{extra}}}")

    def routes(self):
        return [(method, "/api/v10" + pattern, function) for method, pattern, function in (
            ("POST", "/channels/([^/]+)/messages", self.create), ("PATCH", "/channels/([^/]+)/messages/([^/]+)", self.edit),
            ("PATCH", f"/webhooks/{APPLICATION}/([^/]+)/messages/@original", self.original),
            ("DELETE", f"/webhooks/{APPLICATION}/([^/]+)/messages/@original", lambda request, token: self.delete_original(token)),
            ("DELETE", "/channels/([^/]+)/messages/([^/]+)", self.delete), ("POST", f"/webhooks/{APPLICATION}/([^/]+)", self.follow_up),
            ("POST", "/channels/([^/]+)/typing", self.typing), ("GET", "/applications/@me", self.me), ("GET", "/users/@me", self.user), ("GET", "/gateway/bot", self.gateway))]

    def gateway(self, request):
        self.authorized(request)
        return {"url": self.socket.url, "shards": 1, "session_start_limit": {"total": 1000, "remaining": self.starts, "reset_after": 14400000, "max_concurrency": 1}}

    def on_frame(self, frame):
        """"Gateway Opcodes" and "Gateway Close Event Codes"."""
        if frame["op"] == 1:
            return [{"op": 11}] if self.acknowledges else []
        if frame["op"] not in (2, 3, 4, 6, 8, 31):
            return [Close(4001, "Unknown opcode.")]
        if frame["op"] not in (2, 6):
            return [] if self.introduced == self.socket.connections else [Close(4003, "Not authenticated.")]
        if self.introduced == self.socket.connections:
            self.strict("identified twice on one connection")
            return [Close(4005, "Already authenticated.")]
        if frame["d"]["token"] != self.token:
            return [Close(4004, "Authentication failed.")]
        self.introduced = self.socket.connections
        if frame["op"] == 6:
            self.resumed.append((frame["d"]["session_id"], frame["d"]["seq"]))
            if self.session is None or frame["d"]["session_id"] != self.session:
                return [{"op": 9, "d": False}]
            if frame["d"]["seq"] > self.sequence:
                return [Close(4007, "Invalid seq.")]
            missed = [dispatch for number, dispatch in self.history if number > frame["d"]["seq"]]
            return [*missed, self.dispatch("RESUMED", {})]
        return self.identify(frame["d"])

    def identify(self, identity):
        self.identified.append(time.monotonic())
        self.starts -= 1
        if self.starts < 0:
            self.strict("more IDENTIFYs than session_start_limit grants: the bot's token is reset")
        if set(identity.get("properties", {})) != {"os", "browser", "device"}:
            self.strict("the properties of IDENTIFY")
        if not identity["intents"] & (1 << 15):
            self.strict("the Message Content intent is missing")
        if identity["intents"] & (1 << 15) and not self.has_content_intent:
            return [Close(4014, "Disallowed intent(s).")]
        self.session, self.sequence, self.history = f"session-{len(self.identified)}", 0, []
        ready = {"v": 10, "session_id": self.session, "session_type": "normal", "resume_gateway_url": self.socket.url, "user": USER, "application": {"id": APPLICATION, "flags": 1 << 19},
                 "guilds": [{"id": GUILD["id"], "unavailable": True}]}
        return [self.dispatch("READY", ready), self.dispatch("GUILD_CREATE", GUILD)]

    @staticmethod
    def dispatch(kind, data):
        return {"op": 0, "t": kind, "d": data}

    def numbered(self, frame):
        """Dispatches are numbered in the order in which they are sent."""
        if frame["op"] == 0 and "s" not in frame:
            self.sequence += 1
            frame = {**frame, "s": self.sequence}
            self.history.append((self.sequence, frame))
        return json.dumps(frame)

    def end_of(self, code):
        """What the end of a connection does to its session: 1000 and 1001 from the bot end it."""
        if code in (1000, 1001):
            self.session = None

    def message(self, text, **fields):
        return {**MESSAGE, "id": str(self.next_id()), "channel_id": "c1", "author": {"id": "u1", "username": "anna"}, "content": text, **fields}

    def offer(self, event):
        """A message, or any dispatch ({"t", "d"}), through the Gateway, which dispatches to a session only."""
        end = time.monotonic() + 30
        while self.session is None or self.socket.client is None:
            assert time.monotonic() < end, "nobody identified"
            time.sleep(0.01)
        with contextlib.suppress(websockets.ConnectionClosed):  # it has its number: whoever resumes is told
            self.socket.push(self.dispatch(*((event["t"], event["d"]) if "t" in event else ("MESSAGE_CREATE", event))))

    def keep(self, message):
        """For whoever resumes."""
        with self.lock:
            self.numbered(self.dispatch("MESSAGE_CREATE", message))

    connect_config = staticmethod(lambda api, extra="": f"{{name: discord, type: discord, mode: connect, application_id: \"{APPLICATION}\", bot_token: {BOT_TOKEN}, base_url: \"{api}\"{extra}}}")

    def refusal(self, status, code, message):
        return Refusal(status, {"code": code, "message": message})

    def bad(self, what):
        self.strict(what)
        return self.refusal(400, 50035, "Invalid Form Body: " + what)

    def authorized(self, request):
        if request.headers.get("Authorization") != "Bot " + self.token:
            raise self.refusal(401, 0, "401: Unauthorized")

    def body(self, request):
        """Of a message or an edit; what an edit has no use for (discord.js sends it) is ignored."""
        body = request.json(self.bad, ("content",), FIELDS)
        if not body["content"].strip() or len(body["content"]) > LONGEST:
            raise self.bad("content must be 1 to 2000 characters")
        mentions = body.get("allowed_mentions", {})
        if not set(mentions) <= {"parse", "roles", "users", "replied_user"} or not set(mentions.get("parse", ())) <= {"roles", "users", "everyone"}:
            raise self.bad("allowed_mentions")
        if not set(body.get("message_reference") or ()) <= {"type", "message_id", "channel_id", "guild_id", "fail_if_not_exists"}:
            raise self.bad("message_reference")
        return body

    @staticmethod
    def written_message(channel, message, text):
        return {**MESSAGE, "id": message, "channel_id": channel, "author": USER, "content": text}

    def create(self, request, channel):
        self.authorized(request)
        body = self.body(request)
        if len(str(body.get("nonce", ""))) > 25 or body.get("enforce_nonce") and not body.get("nonce"):
            raise self.bad("nonce")
        key = body.get("nonce") if body.get("enforce_nonce") else None
        message = self.show(channel, body["content"], key, reply_to=body.get("message_reference", {}).get("message_id"))
        return self.written_message(channel, message, body["content"])

    def edit(self, request, channel, message):
        self.authorized(request)
        text = self.body(request)["content"]
        if not self.change(message, text):
            raise self.refusal(404, 10008, "Unknown Message")
        return self.written_message(channel, message, text)

    def delete(self, request, channel, message):
        self.authorized(request)
        if not self.remove(message):
            raise self.refusal(404, 10008, "Unknown Message")
        raise Refusal(204, None)

    def interaction(self, token):
        if token in self.dead_tokens or token not in self.thinking:
            raise self.refusal(404, 10015, "Unknown Webhook")
        return self.thinking[token]

    def original(self, request, token):
        channel, message = self.interaction(token)
        body = self.body(request)
        if message is None:
            message = self.show(channel, body["content"])
            self.thinking[token] = (channel, message)
            self.edits.append((message, body["content"]))
        elif not self.change(message, body["content"]):
            raise self.refusal(404, 10008, "Unknown Message")
        return self.written_message(channel, message, body["content"])

    def delete_original(self, token):
        _, message = self.interaction(token)
        if message is None or not self.remove(message):
            raise self.refusal(404, 10008, "Unknown Message")
        raise Refusal(204, None)

    def follow_up(self, request, token):
        channel, _ = self.interaction(token)
        text = self.body(request)["content"]
        return self.written_message(channel, self.show(channel, text), text)

    def typing(self, request, channel):
        self.authorized(request)
        raise Refusal(204, None)

    def user(self, request):
        self.authorized(request)
        return USER

    def me(self, request):
        self.authorized(request)
        return {"id": APPLICATION, "verify_key": PUBLIC_KEY, "flags": 1 << 19, "name": "ai_bot"}

    # --- events
    def rate_limit(self, seconds=1):
        self.faults.append(("@original|/messages", Refusal(429, {"message": "You are being rate limited.", "retry_after": seconds, "global": False}, {"Retry-After": str(seconds)})))

    def direct(self, text, **fields):
        number = self.next_id()
        return {"id": f"i{number}", "application_id": APPLICATION, "type": 2, "token": f"token{number}", "version": 1, "channel_id": "c1", "user": {"id": "u1", "username": "anna"},
                "data": {"id": "d", "name": "ask", "type": 1, "options": [{"name": "question", "type": 3, "value": text}]}, **fields}

    def mention(self, text, **fields):
        return self.direct(text, **{"channel_id": "c2", "guild_id": "g1", "member": {"user": {"id": "u1", "username": "anna"}}, **fields})

    def send(self, interaction, *, timestamp=None, tamper=None):
        timestamp = str(int(time.time() if timestamp is None else timestamp))
        body = self.written_event(interaction)
        signature = KEY.sign(timestamp.encode() + body).hex()
        with self.lock:
            if isinstance(interaction, dict) and interaction["type"] == 2:
                self.thinking.setdefault(interaction["token"], (interaction["channel_id"], None))
        return self.post(self.url, tamper(body) if tamper else body, {"Content-Type": "application/json", "X-Signature-Timestamp": timestamp, "X-Signature-Ed25519": signature})
