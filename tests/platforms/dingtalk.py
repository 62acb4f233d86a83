#!/usr/bin/python3
"""A simulated DingTalk: signed robot messages out; sessionWebhook, the robot's API and its tokens in."""
import base64
import hashlib
import hmac
import json
import time

from simulator import Refusal, Simulator, Socket

CLIENT_ID, CLIENT_SECRET = "dingsimulated", "client-secret-simulated"


class DingTalk(Simulator):
    def __init__(self, url="", port=0):
        super().__init__(port)
        self.url, self.api = url, self.base
        self.webhook_life = 5400
        self.has_permission = self.has_cards = True
        self.socket = Socket(lambda: [{"specVersion": "1.0", "type": "SYSTEM", "headers": {"topic": "ping", "messageId": "ping-1", "contentType": "application/json"}, "data": "{\"opaque\":\"o\"}"}], lambda frame: None)

    config = staticmethod(lambda api, extra="": f"{{name: dingtalk, type: dingtalk, client_id: {CLIENT_ID}, client_secret: {CLIENT_SECRET}, base_url: \"{api}\"{extra}}}")

    def routes(self):
        return [("POST", "/v1.0/gateway/connections/open", self.open_connection), ("POST", "/v1.0/robot/messageFiles/download", self.file_address), ("GET", "/files/(.+)", lambda r, number: self.files[number]),
                ("POST", "/v1.0/card/instances/createAndDeliver", self.make_card), ("PUT", "/v1.0/card/streaming", self.grow_card),
                ("PUT", "/v1.0/card/instances", self.finish_card), ("POST", "/v1.0/oauth2/accessToken", self.token), ("POST", "/robot/sendBySession", self.by_session),
                ("POST", "/v1.0/robot/oToMessages/batchSend", self.to_people), ("POST", "/v1.0/robot/groupMessages/send", self.to_group),
                ("POST", "/v1.0/robot/otoMessages/batchRecall", self.recall), ("POST", "/v1.0/robot/groupMessages/recall", lambda r: self.recall(r, "openConversationId"))]

    def refusal(self, status, code, message):
        return Refusal(status, {"code": code, "message": message, "requestid": "r"})

    def bad(self, what):
        self.strict(what)
        return self.refusal(400, "invalidParameter", what)

    def token(self, request):
        body = request.json(self.bad, ("appKey", "appSecret"))
        if body != {"appKey": CLIENT_ID, "appSecret": CLIENT_SECRET}:
            raise self.refusal(400, "invalidClientIdOrSecret", "invalid clientId or clientSecret")
        return {"accessToken": self.new_token(), "expireIn": self.token_life}

    def open_connection(self, request):
        body = request.json(self.bad, ("clientId", "clientSecret", "subscriptions"), ("ua", "localIp"))
        if (body["clientId"], body["clientSecret"]) != (CLIENT_ID, CLIENT_SECRET):
            raise self.refusal(401, "authFailed", "鉴权失败")
        if {"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"} not in body["subscriptions"]:
            raise self.bad("subscriptions")
        return {"endpoint": self.socket.url + "/connect", "ticket": "a ticket/+="}

    def file_address(self, request):
        if not self.is_token(request.headers.get("x-acs-dingtalk-access-token", "")):
            raise self.refusal(400, "InvalidAuthentication", "不合法的access_token")
        body = request.json(self.bad, ("downloadCode", "robotCode"))
        return {"downloadUrl": f"{self.base}/files/{body['downloadCode']}"}

    def by_session(self, request):
        chat = request.query.get("session", "")
        body = request.json(self.bad, ("msgtype", "markdown"), ("at",))
        if body["msgtype"] != "markdown" or set(body["markdown"]) != {"title", "text"} or not body["markdown"]["title"]:
            raise self.bad("markdown")
        for person in body.get("at", {}).get("atUserIds", []):
            if "@" + person not in body["markdown"]["text"]:
                raise self.bad("who is mentioned must stand in the text")
        self.show(chat, body["markdown"]["text"], at=body.get("at"))
        return {"errcode": 0, "errmsg": "ok"}

    # --- cards: the fields are those of the official SDK (dingtalk-stream, card_replier.py and card_instance.py)
    def card(self, request, required):
        if not self.is_token(request.headers.get("x-acs-dingtalk-access-token", "")):
            raise self.refusal(400, "InvalidAuthentication", "不合法的access_token")
        if not self.has_cards:
            raise self.refusal(403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", "应用尚未开通所需的权限：[Card.Instance.Write]")
        return request.json(self.bad, required)

    def card_text(self, body, status):
        card = body["cardData"]["cardParamMap"]
        if set(card) != {"msgContent", "flowStatus", "sys_full_json_obj"} or not all(isinstance(value, str) for value in card.values()):
            raise self.bad("cardParamMap")
        if card["flowStatus"] != status or "msgContent" not in json.loads(card["sys_full_json_obj"])["order"]:
            raise self.bad("flowStatus or order")
        return card["msgContent"]

    def make_card(self, request):
        space = "Group" if b"imGroup" in request.raw else "Robot"
        body = self.card(request, ("outTrackId", "cardTemplateId", "cardData", "openSpaceId", f"im{space}OpenSpaceModel", f"im{space}OpenDeliverModel"))
        kind, _, chat = body["openSpaceId"].removeprefix("dtv1.card//").partition(".")
        model = body[f"im{space}OpenDeliverModel"]
        if kind != f"IM_{space.upper()}" or not chat or not body["cardTemplateId"].endswith(".schema"):
            raise self.bad("openSpaceId or cardTemplateId")
        if space == "Robot" and model != {"spaceType": "IM_ROBOT"} or space == "Group" and (model["robotCode"] != CLIENT_ID or not all(model["atUserIds"].values())):
            raise self.bad("the deliver model")
        self.show(chat, self.card_text(body, "2"), key=body["outTrackId"], id=body["outTrackId"], at=model.get("atUserIds"))
        return {"success": True, "result": {"outTrackId": body["outTrackId"], "deliverResults": [{"spaceType": kind, "spaceId": chat, "success": True}]}}

    def grow_card(self, request):
        body = self.card(request, ("outTrackId", "guid", "key", "content", "isFull", "isFinalize", "isError"))
        if body["key"] != "msgContent" or not body["guid"] or (body["isFull"], body["isFinalize"], body["isError"]) != (True, False, False):
            raise self.bad("streaming")
        return self.changed(body["outTrackId"], body["content"])

    def finish_card(self, request):
        body = self.card(request, ("outTrackId", "cardData"))
        return self.changed(body["outTrackId"], self.card_text(body, "3"))

    def changed(self, card, text):
        if not self.change(card, text):
            raise self.refusal(400, "param.cardNotExist", "card not exist")
        return {"success": True, "result": True}

    def by_robot(self, request, required):
        if not self.is_token(request.headers.get("x-acs-dingtalk-access-token", "")):
            raise self.refusal(400, "InvalidAuthentication", "不合法的access_token")
        if not self.has_permission:
            raise self.refusal(403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", "应用尚未开通所需的权限：[qyapi_robot_sendmsg]")
        body = request.json(self.bad, ("robotCode", *required))
        if body["robotCode"] != CLIENT_ID:
            raise self.bad("robotCode")
        return body

    def show_by_robot(self, chats, body):
        """A message by the robot's API has a key, under which it can be taken back."""
        key = f"key{self.next_id()}"
        for chat in chats:
            self.show("robot:" + chat, json.loads(body["msgParam"])["text"], id=key)
        return {"processQueryKey": key}

    def to_people(self, request):
        body = self.by_robot(request, ("msgKey", "msgParam", "userIds"))
        if not body["userIds"]:
            raise self.refusal(400, "staffId.notExisted", "userIds is empty")
        return self.show_by_robot(body["userIds"], body)

    def to_group(self, request):
        body = self.by_robot(request, ("msgKey", "msgParam", "openConversationId"))
        return self.show_by_robot([body["openConversationId"]], body)

    def recall(self, request, *required):
        keys = self.by_robot(request, ("processQueryKeys", *required))["processQueryKeys"]
        there = [key for key in keys if self.remove(key)]
        return {"successResult": there, "failedResult": {key: "not found" for key in keys if key not in there}}

    # --- events
    def offer(self, message):
        """By Stream; what identifies its acknowledgement."""
        number = f"stream-{message['msgId']}"
        self.socket.push({"specVersion": "1.0", "type": "CALLBACK", "headers": {"topic": "/v1.0/im/bot/messages/get", "messageId": number, "contentType": "application/json"}, "data": json.dumps(message)})
        return {"code": 200, "headers": {"messageId": number, "contentType": "application/json"}, "message": "OK", "data": "{\"response\":null}"}

    connect_config = staticmethod(lambda api, extra="": f"{{name: dingtalk, type: dingtalk, mode: connect, client_id: {CLIENT_ID}, client_secret: {CLIENT_SECRET}, base_url: \"{api}\"{extra}}}")

    def rate_limit(self, seconds=1):
        self.faults.append(("sendBySession", Refusal(200, {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"})))

    def direct(self, text, **fields):
        number = self.next_id()
        chat = fields.get("conversationId", "cid1")
        return {"conversationId": chat, "chatbotCorpId": "corp", "chatbotUserId": "$bot", "msgId": f"msg{number}", "senderNick": "安娜", "isAdmin": False, "senderStaffId": "anna",
                "sessionWebhookExpiredTime": int((time.time() + self.webhook_life) * 1000), "createAt": int(time.time() * 1000), "senderCorpId": "corp", "conversationType": "1",
                "senderId": "$anna", "sessionWebhook": f"{self.base}/robot/sendBySession?session={chat}", "robotCode": CLIENT_ID, "msgtype": "text", "text": {"content": text}, **fields}

    def mention(self, text, **fields):
        return self.direct(" " + text, **{"conversationId": "cidgroup", "conversationType": "2", "isInAtList": True, "atUsers": [{"dingtalkId": "$bot"}], **fields})

    def send(self, message, *, timestamp=None, tamper=None):
        timestamp = str(int((time.time() if timestamp is None else timestamp) * 1000))
        sign = base64.b64encode(hmac.new(CLIENT_SECRET.encode(), f"{timestamp}\n{CLIENT_SECRET}".encode(), hashlib.sha256).digest()).decode()
        body = self.written_event(message)
        return self.post(self.url, tamper(body) if tamper else body, {"Content-Type": "application/json; charset=utf-8", "timestamp": timestamp, "sign": sign})
