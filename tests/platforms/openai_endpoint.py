#!/usr/bin/python3
"""A simulated OpenAI-compatible endpoint: answers with the question, streamed word by word.

Stands in for a large remote model. Strict as the original: it refuses a wrong key (401), an unknown model
(404) and a body without messages (400). What it does besides is asked for by the question's first word:
(a number where N stands)
  slow N        waits N seconds before the first token      stall   falls silent after the first token
  break         breaks off after the first token            status N   answers with that HTTP status
  drip N        spreads its words over N seconds        flood N     streams N pieces of a kilobyte as fast as it can
  pages N       answers with N paragraphs of a kilobyte, and THE END
Images are kept (server.seen) and named in the answer, "(image/png, 70 bytes)"; what is no image is refused (400). With
--sees its list of models says whether it takes them (OpenRouter's shape); where it does not, they are refused (404).
"""
import argparse
import base64
import binascii
import http.server
import json
import time


def number_after(name, words):
    """0 when the question does not begin with it."""
    try:
        return float(words[1]) if words[0] == name else 0
    except (IndexError, ValueError):
        return 0


BEGINNINGS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8", "image/webp": b"RIFF"}


def images_in(content):
    """(media type, bytes) of each image_url part that is a data URL; raises ValueError for what is no image."""
    images = []
    for part in content:
        if part["type"] == "text":
            continue
        head, _, data = part["image_url"]["url"].partition(";base64,")
        kind = head.removeprefix("data:")
        image = base64.b64decode(data, validate=True)
        if part["type"] != "image_url" or kind not in BEGINNINGS or not image.startswith(BEGINNINGS[kind]):
            raise ValueError(kind)
        images.append((kind, image))
    return images


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def refuse(self, status, message, **headers):
        body = json.dumps({"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path != "/v1/models":
            return self.refuse(404, "unknown path")
        model = {"id": "echo-1", "object": "model", "created": 1, "owned_by": "tests"}
        if self.server.sees is not None:
            model["architecture"] = {"input_modalities": ["text", "image"] if self.server.sees else ["text"], "output_modalities": ["text"]}
        self.reply(json.dumps({"object": "list", "data": [model]}).encode())

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/v1/chat/completions":
            return self.refuse(404, "unknown path")
        if self.headers.get("Authorization") != "Bearer " + self.server.key:
            return self.refuse(401, "incorrect API key")
        body = json.loads(raw)
        if body.get("model") != "echo-1":
            return self.refuse(404, "the model does not exist")
        if not body.get("messages"):
            return self.refuse(400, "messages is missing")
        question = body["messages"][-1]["content"]
        images = []
        if isinstance(question, list):
            try:
                images = images_in(question)
            except (ValueError, KeyError, binascii.Error):
                return self.refuse(400, "Invalid image data")
            if images and not self.server.sees:
                self.server.refused_images += 1
                return self.refuse(404, "No endpoints found that support image input")
            question = "\n".join(part["text"] for part in question if part["type"] == "text")
            question += "".join(f" ({kind}, {len(image)} bytes)" for kind, image in images)
        self.server.seen.append(images)
        if pages := number_after("pages", question.split(" ")):
            question = "\n\n".join([*(f"Paragraph {n}: " + "many words " * 90 for n in range(int(pages))), "THE END"])
        words = question.split(" ")
        if status := number_after("status", words):
            return self.refuse(int(status), "as asked", **({"Retry_After": "1"} if status == 429 else {}))
        time.sleep(number_after("slow", words))
        usage = {"prompt_tokens": len(words), "completion_tokens": len(words), "total_tokens": 2 * len(words)}
        if not body.get("stream"):
            return self.whole(question, usage)
        self.stream(body, words, usage)

    def whole(self, text, usage):
        body = json.dumps({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "echo-1", "usage": usage,
                           "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}]}).encode()
        self.reply(body)

    def reply(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, body, words, usage):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

        def chunk(**fields):
            base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "echo-1", "choices": []}
            self.wfile.write(b"data: " + json.dumps({**base, **fields}).encode() + b"\n\n")

        def delta(content, finish=None):
            chunk(choices=[{"index": 0, "delta": content, "finish_reason": finish}])

        try:
            delta({"role": "assistant", "content": ""})
            for number, word in enumerate(words):
                time.sleep(number_after("drip", words) / len(words))
                delta({"content": (" " if number else "") + word})
                if words[0] == "break":
                    return
                if words[0] == "stall":
                    time.sleep(60)
            for _ in range(int(number_after("flood", words))):
                delta({"content": "x" * 1000})
            delta({}, "stop")
            if body.get("stream_options", {}).get("include_usage"):
                chunk(usage=usage)
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            pass  # the asker left

    def log_message(self, *_):
        pass


def make_server(port, key="endpoint-key", sees=None):
    http.server.ThreadingHTTPServer.request_queue_size = 128
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.key = key
    server.sees = sees         # whether it takes images, and its list of models says so; None: not said, and it does not
    server.seen = []           # of each question that was answered, its images
    server.refused_images = 0  # questions
    return server


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key", default="endpoint-key")
    parser.add_argument("--sees", choices=["yes", "no"])
    options = parser.parse_args()
    server = make_server(options.port, options.key, options.sees and options.sees == "yes")
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
