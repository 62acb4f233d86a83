"""The peer of tests/load/webhook: the kind of handler setup guides show, in Flask, with the check of a signature
a real platform wants. No durability: an event that was acknowledged is gone when the process dies."""
import hashlib
import hmac
import os
import time

from flask import Flask, jsonify, request

app = Flask(__name__)
SECRET = os.environ["SECRET"].encode()


@app.route("/api/webhook", methods=["POST"])
def webhook():
    raw = request.get_data()
    timestamp = request.headers.get("X-Ai-Bot-Timestamp", "")
    expected = "sha256=" + hmac.new(SECRET, timestamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("X-Ai-Bot-Signature", "")):
        return jsonify(error="unauthorized"), 401
    if abs(time.time() - int(timestamp)) > 300:
        return jsonify(error="unauthorized"), 401
    data = request.get_json()
    message = {"event_id": data["event_id"], "conversation": data["conversation"], "sender": data["sender"], "text": data["text"].strip()}
    return jsonify(event_id=message["event_id"], status="accepted")
