"""Images and texts in other encodings, from a platform to a model and its answer back."""
import base64
import json
import sys
import threading

import pytest

from conftest import PLATFORMS, free_port, remote_model, wait_until
from test_platforms import TEXT_FILES, connect  # noqa: F401

sys.path.insert(0, str(PLATFORMS))
import openai_endpoint  # noqa: E402

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==")
SEEN = f"(image/png, {len(PNG)} bytes)"

IMAGES = {
    "slack": lambda p, key: p.direct("what is this?", subtype="file_share", files=[{"id": key, "name": "a.png", "mimetype": "image/png", "size": len(PNG)}]),
    "telegram": lambda p, key: p.direct("what is this?", photo=[{"file_id": "small", "file_size": 9, "width": 9}, {"file_id": key, "file_size": len(PNG), "width": 90}]),
    "feishu": lambda p, key: p.direct("", message_type="image", content=json.dumps({"image_key": key})),
    "dingtalk": lambda p, key: p.direct("", msgtype="picture", content={"downloadCode": key}),
    "wecom": lambda p, key: p.xml("image", f"<PicUrl>http://p.invalid/1</PicUrl><MediaId>{key}</MediaId>"),
}


@pytest.fixture
def endpoint():
    """Makes endpoints that see, or do not (openai_endpoint.make_server)."""
    def make(**options):
        made.append(openai_endpoint.make_server(free_port(), **options))
        threading.Thread(target=made[-1].serve_forever, daemon=True).start()
        made[-1].url = f"http://127.0.0.1:{made[-1].server_port}/v1"
        return made[-1]

    made = []
    yield make
    for server in made:
        server.shutdown()
        server.server_close()


def show(connected, image=PNG, key="K"):
    connected.platform.files[key] = image
    connected.say(IMAGES[connected.name](connected.platform, key))


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_reaches_a_model_that_sees(connect, endpoint, name):  # noqa: F811
    model = endpoint(sees=True)
    connected = connect(name, models=remote_model(model.url))
    show(connected)
    connected.sees(SEEN)
    assert model.seen == [[("image/png", PNG)]]
    # The next question is one of words: the session remembers none.
    connected.say(connected.platform.direct("and now?"))
    connected.sees("and now?")
    assert model.seen == [[("image/png", PNG)], []]


@pytest.mark.parametrize("name, options", [("telegram", {}), ("slack", {"sees": False})])
def test_a_model_that_does_not_see_gets_a_word_and_nothing_is_downloaded(connect, endpoint, name, options):  # noqa: F811
    model = endpoint(**options)
    connected = connect(name, models=remote_model(model.url))
    show(connected)
    connected.sees("[image: ")
    assert model.seen == [[]] and model.refused_images == 0
    assert not any("file" in path.lower() for _, path in connected.platform.calls)


@pytest.mark.parametrize("name", ["telegram", "feishu"])
def test_an_endpoint_that_refuses_images_answers_without_and_is_not_sent_more(connect, endpoint, name):  # noqa: F811
    model = endpoint(sees=False)
    connected = connect(name, models=remote_model(model.url, vision="true"))
    for count in (1, 2):
        show(connected)
        connected.sees("[image: ", count)
    assert model.seen == [[], []] and model.refused_images == 1
    assert connected.server.log().count("model.takes_no_images") == 1


def test_the_model_that_stands_in_is_asked_without_what_it_does_not_see(connect, endpoint):  # noqa: F811
    seeing, blind = endpoint(sees=True, key="refused"), endpoint(sees=False)
    models = f"{remote_model(seeing.url, name='seeing')}\n  - {remote_model(blind.url, name='blind')}"
    connected = connect("telegram", models=models)
    show(connected)
    connected.sees("[image: ")
    assert blind.seen == [[]] and blind.refused_images == 0 and seeing.seen == []


def test_what_is_called_an_image_and_is_none_stays_a_word(connect, endpoint):  # noqa: F811
    model = endpoint(sees=True)
    connected = connect("slack", models=remote_model(model.url))
    show(connected, b"BM" + b"x" * 90)
    connected.sees("[image: a.png]")
    assert model.seen == [[]]
    assert "it is not a PNG, JPEG, GIF or WebP image" in connected.server.log()


def test_a_client_of_the_api_shows_its_images_to_a_model_that_sees(make_server, endpoint):
    model = endpoint(sees=True)
    server = make_server(f"models:\n  - {remote_model(model.url)}\n").start()
    parts = [{"type": "text", "text": "what is this?"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(PNG).decode()}}]
    for headers in ({}, {"X-Ai-Bot-Conversation": "room"}):
        status, answer = server.json("POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": parts}]}, headers=headers)
        assert status == 200 and SEEN in answer["choices"][0]["message"]["content"]
    assert model.seen == [[("image/png", PNG)]] * 2


def test_a_local_model_that_was_said_to_see_and_does_not_answers_all_the_same(make_server):
    server = make_server("models: [{name: guide, type: local, path: builtin, vision: true}]\n").start()
    parts = [{"type": "text", "text": "What is ai_bot?"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(PNG).decode()}}]
    for room in ("one", "two"):
        status, answer = server.json("POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": parts}]}, headers={"X-Ai-Bot-Conversation": room})
        assert status == 200 and answer["choices"][0]["message"]["content"]
    assert server.log().count("model.takes_no_images") == 1


@pytest.mark.parametrize("name", ["telegram", "dingtalk"])
@pytest.mark.parametrize("encoding", ["gbk", "big5", "utf-16"])
def test_a_text_file_of_another_encoding_is_read(connect, name, encoding):  # noqa: F811
    connected = connect(name)
    connected.platform.files["K"] = "資料：你好，世界".encode(encoding)
    connected.say(TEXT_FILES[name](connected.platform, name="資料.txt", size=16))
    connected.sees("資料：你好，世界")


def test_the_person_hears_of_a_text_nobody_can_read(connect):  # noqa: F811
    connected = connect("slack")
    connected.platform.files["K"] = b"\x81\x00\xff\x00\xfe" * 9
    connected.say(TEXT_FILES["slack"](connected.platform, name="notes.txt", size=45))
    connected.sees("was not read: the encoding of its text is not known")
    wait_until(lambda: "attachment.unread" in connected.server.log(), "the log")
