#!/usr/bin/python3
"""A simulated Telegram Bot API: updates by webhook or long polling, sendMessage and its kin."""
import re
import threading
import time

import telegram_html
from simulator import Refusal, Simulator

TOKEN, SECRET = "42:simulated-token", "webhook-secret_1"
BOT = {"id": 42, "is_bot": True, "first_name": "Team", "username": "team_bot", "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
COMMON = ("parse_mode", "entities", "link_preview_options", "reply_markup")
LONGEST = 4096  # UTF-16 units after the entities were parsed
NESTED = ("link_preview_options", "reply_parameters", "reply_markup", "entities", "allowed_updates", "commands", "scope")  # JSON in a form


class Telegram(Simulator):
    def __init__(self, url="", port=0):
        super().__init__(port)
        self.url, self.api = url, self.base
        self.update_id = 900
        self.queue, self.arrived = [], threading.Condition(self.lock)
        self.actions, self.webhook = [], url
        self.migrated = {}   # group -> the supergroup it became
        self.commands = {}   # language -> those people are shown

    config = staticmethod(lambda api, extra="": f"{{name: telegram, type: telegram, bot_token: \"{TOKEN}\", secret: {SECRET}, base_url: \"{api}\"{extra}}}")

    def routes(self):
        """Each method by GET and by POST."""
        methods = {"sendMessage": self.send_message, "editMessageText": self.edit_message, "deleteMessage": self.delete_message, "sendChatAction": self.chat_action, "getMe": self.get_me, "getWebhookInfo": self.get_webhook,
                   "deleteWebhook": self.delete_webhook, "getUpdates": self.get_updates, "getFile": self.get_file, "answerCallbackQuery": self.answer_callback, "setMyCommands": self.set_commands}
        return [*((way, f"/bot{TOKEN}/{name}", method) for name, method in methods.items() for way in ("GET", "POST")),
                ("GET", f"/file/bot{TOKEN}/documents/(.+)", lambda r, number: self.files[number]), ("GET", "/bot.*", self.wrong), ("POST", "/bot.*", self.wrong)]

    def wrong(self, request):
        if request.path.startswith(f"/bot{TOKEN}/"):
            self.strict("no such method: " + request.path)
            raise Refusal(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        raise Refusal(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})

    def refusal(self, description, **parameters):
        return Refusal(400, {"ok": False, "error_code": 400, "description": "Bad Request: " + description, **({"parameters": parameters} if parameters else {})})

    def bad(self, what):
        self.strict(what)
        return self.refusal(what)

    def arguments(self, request, required=(), optional=()):
        """By a query, a form or JSON."""
        if not request.raw:
            missing = set(required) - set(request.query)
            if missing:
                raise self.bad(f"missing: {sorted(missing)}")
            return request.query
        return request.json(self.bad, required, optional, NESTED)

    def checked_text(self, body):
        """What people see, and how it is marked up."""
        text, entities = body["text"], body.get("entities", [])
        if "parse_mode" in body:
            if body["parse_mode"] != "HTML":
                raise self.bad("the parse_mode is unknown here")
            try:
                text, entities = telegram_html.parse(text)
            except telegram_html.CannotParse as error:
                raise self.bad(f"can't parse entities: {error}") from None
            for lost in telegram_html.dropped(entities):
                self.strict("Telegram drops it: " + lost)
        if not text.strip():
            raise self.bad("message text is empty")
        if len(text.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST:
            raise self.bad("message is too long")
        return text, entities

    def chat(self, body):
        chat = body["chat_id"]
        if isinstance(chat, str) and chat.lstrip("-").isdigit():
            chat = int(chat)
        if isinstance(chat, str) and not chat.startswith("@") or chat == 0:
            raise self.bad("chat not found")
        if str(chat) in self.migrated:
            raise self.refusal("group chat was upgraded to a supergroup chat", migrate_to_chat_id=self.migrated[str(chat)])
        if chat == 13:
            raise Refusal(403, {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"})
        return chat

    def written_message(self, chat, message, text):
        return {"ok": True, "result": {"message_id": int(message), "date": int(time.time()), "chat": {"id": chat, "type": "private", "first_name": "Anna"}, "from": BOT, "text": text}}

    def send_message(self, request):
        body = self.arguments(request, ("chat_id", "text"), (*COMMON, "reply_parameters", "message_thread_id", "disable_notification", "protect_content"))
        chat = self.chat(body)
        text, entities = self.checked_text(body)
        message = self.show(chat, text, thread=body.get("message_thread_id"), reply_to=body.get("reply_parameters", {}).get("message_id"), html=body["text"], entities=entities)
        return self.written_message(chat, message, text)

    def edit_message(self, request):
        body = self.arguments(request, ("chat_id", "message_id", "text"), COMMON)
        chat = self.chat(body)
        text, _ = self.checked_text(body)
        for message in self.messages:
            if message["id"] == str(body["message_id"]) and message["text"] == text:
                raise self.refusal("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
        if not self.change(str(body["message_id"]), text):
            raise self.refusal("message to edit not found")
        return self.written_message(chat, body["message_id"], text)

    def delete_message(self, request):
        body = self.arguments(request, ("chat_id", "message_id"))
        self.chat(body)
        if not self.remove(str(body["message_id"])):
            raise self.refusal("message to delete not found")
        return {"ok": True, "result": True}

    def answer_callback(self, request):
        self.arguments(request, ("callback_query_id",), ("text", "show_alert", "url", "cache_time"))
        return {"ok": True, "result": True}

    def chat_action(self, request):
        body = self.arguments(request, ("chat_id", "action"), ("message_thread_id",))
        self.chat(body)
        self.actions.append(body)
        return {"ok": True, "result": True}

    def get_me(self, request):
        self.arguments(request)
        return {"ok": True, "result": BOT}

    def get_webhook(self, request):
        return {"ok": True, "result": {"url": self.webhook, "has_custom_certificate": False, "pending_update_count": len(self.queue)}}

    def delete_webhook(self, request):
        self.arguments(request, (), ("drop_pending_updates",))
        self.webhook = ""
        return {"ok": True, "result": True}

    def set_commands(self, request):
        body = self.arguments(request, ("commands",), ("scope", "language_code"))
        for command in body["commands"]:
            if set(command) != {"command", "description"} or not re.fullmatch("[a-z0-9_]{1,32}", command["command"]) or not 1 <= len(command["description"]) <= 256:
                raise self.bad("BOT_COMMAND_INVALID")
        if len(body["commands"]) > 100:
            raise self.bad("BOT_COMMANDS_TOO_MUCH")
        self.commands[body.get("language_code", "")] = body["commands"]
        return {"ok": True, "result": True}

    def get_file(self, request):
        file = self.arguments(request, ("file_id",))["file_id"]
        return {"ok": True, "result": {"file_id": file, "file_unique_id": file, "file_path": "documents/" + file}}

    def get_updates(self, request):
        body = self.arguments(request, (), ("offset", "timeout", "allowed_updates", "limit"))
        if self.webhook:
            raise Refusal(409, {"ok": False, "error_code": 409, "description": "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"})
        self.queue = [u for u in self.queue if u["update_id"] >= int(body.get("offset", 0))]  # what is before it was confirmed
        self.arrived.wait_for(lambda: self.queue, min(int(body.get("timeout", 0)), 2))
        return {"ok": True, "result": self.queue[:int(body.get("limit", 100))]}

    # --- events
    def rate_limit(self, seconds=1):
        self.faults.append(("sendMessage", Refusal(429, {"ok": False, "error_code": 429, "description": f"Too Many Requests: retry after {seconds}", "parameters": {"retry_after": seconds}})))

    def update(self, **fields):
        self.update_id += 1
        return {"update_id": self.update_id, **fields}

    def direct(self, text, **fields):
        message = {"message_id": self.next_id(), "from": {"id": 7, "is_bot": False, "first_name": "Anna"}, "date": int(time.time()), "chat": {"id": 7, "type": "private"}, "text": text, **fields}
        return self.update(message=message)

    def mention(self, text, **fields):
        fields = {"chat": {"id": -100123, "type": "supergroup", "title": "team"}, "entities": [{"type": "mention", "offset": 0, "length": 9}], **fields}
        return self.direct("@team_bot " + text, **fields)

    def send(self, update, *, secret=SECRET, tamper=None):
        body = self.written_event(update)
        return self.post(self.url, tamper(body) if tamper else body, {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": secret})

    connect_config = staticmethod(lambda api, extra="": f"{{name: telegram, type: telegram, mode: connect, bot_token: \"{TOKEN}\", base_url: \"{api}\"{extra}}}")

    def offer(self, update):
        """For long polling."""
        with self.lock:
            self.queue.append(update)
            self.arrived.notify_all()
