"""The commands: texts in both languages, --json, exit codes."""
import json
import shutil

import pytest

from conftest import BINARY, GUIDE, ROOT, cli, environment


def zh(*arguments, **options):
    return cli(*arguments, "--lang", "zh", **options)


def test_help_is_in_both_languages_and_names_every_command():
    english, chinese = cli("--help").stdout, zh("--help").stdout
    for name in ("serve", "chat", "model", "config", "doctor", "version", "completion"):
        assert name in english and name in chinese
    assert "Run the server" in english and "运行服务器" in chinese and "用法" in chinese
    by_locale = cli("--help", env=environment(LC_ALL="zh_CN.UTF-8")).stdout
    assert by_locale == chinese


@pytest.mark.parametrize("arguments", [["serve"], ["chat"], ["model"], ["model", "list"], ["model", "use"], ["model", "status"], ["model", "quantize"],
                                       ["model", "bench"], ["config"], ["config", "check"], ["config", "show"], ["config", "schema"], ["doctor"], ["version"]])
def test_every_command_has_help_in_chinese(arguments):
    done = zh(*arguments, "--help")
    assert done.returncode == 0
    assert any("\u4e00" <= c <= "\u9fff" for c in done.stdout)


def test_mistakes_on_the_command_line_exit_2():
    for arguments in ([], ["dance"], ["serve", "--port", "x"], ["model", "use"]):
        done = cli(*arguments)
        assert done.returncode == 2 and done.stderr.startswith("error: ") and "ai_bot --help" in done.stderr


def test_version():
    assert cli("version").stdout.startswith("ai_bot 0.1.0 (")


def test_config_check(folder):
    path = folder / "c.yaml"
    path.write_text("storage:\n  type: s3_compatible\n  endpoint: https://object-storage.example.com\n  bucket: ai-bot-data\n")
    done = cli("config", "check", "-c", str(path))
    assert done.returncode == 0
    assert "object storage is not active in this version" in done.stdout and "The configuration is valid" in done.stdout
    path.write_text("sever: {port: 1}\nserver: {port: 0}\n")
    done = cli("config", "check", "--json", "-c", str(path))
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["usable"] is False
    assert [(f["level"], f["line"], f["key"]) for f in report["findings"]] == [("warning", 1, "sever"), ("error", 2, "server.port")]
    assert "是否想写“server”" in zh("config", "check", "-c", str(path)).stdout


def test_config_show_masks_secrets_and_can_be_read_again(folder):
    path = folder / "c.yaml"
    path.write_text("channels:\n  - {name: hook, secret: a-secret-of-24-letters--}\n")
    shown = cli("config", "show", "-c", str(path)).stdout
    assert "a-secret-of" not in shown and "********" in shown
    (folder / "again.yaml").write_text(shown.replace('"********"', '"a-secret-of-24-letters--"'))
    assert cli("config", "check", "-c", str(folder / "again.yaml")).returncode == 0


def test_config_schema_is_a_json_schema():
    schema = json.loads(cli("config", "schema").stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["properties"]["server"]["properties"]["port"]["default"] == 8080


def test_the_reference_shows_every_key_as_it_is():
    for name, language in (("configuration.md", "en"), ("configuration.zh.md", "zh")):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        shown = cli("config", "show", "--lang", language, "-c", str(ROOT / "docs/reference.yaml")).stdout
        assert shown in text, f"docs/{name}: run script/docs"


def test_doctor_on_a_machine_that_is_fine(make_server):
    server = make_server()
    done = server.cli("doctor")
    assert done.returncode == 0, done.stdout
    assert "the built-in guide" in done.stdout and "not running (start it with: ai_bot serve)" in done.stdout
    assert "\x1b" not in done.stdout
    report = json.loads(server.cli("doctor", "--json").stdout)
    assert {"level", "subject", "text", "fix"} == set(report[0])
    assert not server.data.exists(), "doctor writes nothing"


def test_doctor_names_each_problem_and_its_cure(make_server, folder):
    (folder / "bad.gguf").write_bytes(b"GGUF\x03")
    server = make_server(f"models: [{{name: m, type: local, path: {folder}/bad.gguf}}]\nengine: {{command: /no/such/llama-server}}\n")
    done = server.cli("doctor", "--lang", "zh")
    assert done.returncode == 1
    assert "在文件头处被截断" in done.stdout and "不是可执行程序" in done.stdout and "处理：" in done.stdout


def test_doctor_on_a_running_server(server):
    done = server.cli("doctor")
    assert done.returncode == 0 and f"healthy at {server.url}" in done.stdout


def test_model_list_and_status(server):
    assert "guide" in server.cli("model", "list").stdout
    status = json.loads(server.cli("model", "status", "--json").stdout)
    assert status[0]["name"] == "guide" and status[0]["state"] == "ready"
    assert server.cli("model", "status").returncode == 0
    server.stop()
    done = server.cli("model", "status")
    assert done.returncode == 1 and "start it with `ai_bot serve`" in done.stderr


def test_model_use_swaps_a_running_server(server, folder, plain_model):
    shutil.copy(GUIDE, folder / "other.gguf")
    done = server.cli("model", "use", str(folder / "other.gguf"))
    assert done.returncode == 0 and "The server answers with it now" in done.stdout
    model = server.health()["models"][0]
    assert model["detail"] == str(folder / "other.gguf")
    assert model["guide"], "the guide by another name"
    assert server.cli("model", "use", str(plain_model)).returncode == 0
    assert "guide" not in server.health()["models"][0], "another model under the guide's name"
    assert server.cli("model", "use", str(folder / "other.gguf")).returncode == 0
    assert server.ask("What is ai_bot?")[0] == 200
    listed = json.loads(server.cli("model", "list", "--json").stdout)
    assert any(m["active"] for m in listed) or server.health()["models"][0]["detail"].endswith("other.gguf")
    bad = folder / "bad.gguf"
    bad.write_bytes(b"PK\x03\x04")
    done = server.cli("model", "use", str(bad))
    assert done.returncode == 1 and "is not a GGUF file" in done.stderr
    # The choice outlives a restart.
    server.stop()
    server.start()
    assert server.health()["models"][0]["detail"] == str(folder / "other.gguf")
    assert server.cli("model", "use", "builtin").returncode == 0


def test_a_model_that_the_engine_refuses_is_not_the_choice_of_the_next_start(server, folder, plain_model):
    chosen = json.loads(server.cli("model", "list", "--json").stdout)
    broken = folder / "broken.gguf"
    broken.write_bytes(plain_model.read_bytes().replace(b"output_norm.weight", b"output_nope.weight"))
    done = server.cli("model", "use", str(broken))
    assert done.returncode == 1 and "the swap failed, the former model goes on" in done.stderr
    assert json.loads(server.cli("model", "list", "--json").stdout) == chosen
    server.stop()
    server.start()
    assert server.health()["models"][0]["state"] == "ready"


def test_model_quantize_prints_a_table_before_and_after(make_server, folder):
    server = make_server()
    shutil.copy(GUIDE, folder / "in.gguf")
    done = server.cli("model", "quantize", str(folder / "in.gguf"), "--type", "COPY", "-o", str(folder / "out.gguf"), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout[done.stdout.index("{"):])
    assert report["before"]["generation_tokens_per_second"] > 0 and report["after"]["peak_memory_bytes"] > 0
    assert (folder / "out.gguf").stat().st_size > 1_000_000
    again = server.cli("model", "quantize", str(folder / "in.gguf"), "--type", "COPY", "-o", str(folder / "out.gguf"))
    assert again.returncode == 1 and "is there already" in again.stderr


def test_model_bench(make_server):
    done = make_server().cli("model", "bench", "builtin")
    assert done.returncode == 0 and "prompt tok/s" in done.stdout


def test_chat_in_a_pipe_and_with_an_argument(server):
    piped = server.cli("chat", input="What is ai_bot?\n")
    assert piped.returncode == 0 and "ai_bot" in piped.stdout and "\x1b" not in piped.stdout
    assert server.cli("chat", "What", "is", "ai_bot?").stdout == piped.stdout
    assert cli("chat", "--url", server.url, "What is ai_bot?").stdout == piped.stdout
    assert server.cli("chat", input=" \n").returncode == 1


def test_chat_says_where_nobody_answers():
    done = cli("chat", "--url", "http://127.0.0.1:9", "hi")
    assert done.returncode == 1
    assert done.stderr.startswith("error: no ai_bot answers at http://127.0.0.1:9: ") and "Start it with `ai_bot serve`" in done.stderr


def test_chat_on_a_terminal(server, on_terminal):
    chat = on_terminal(BINARY, "chat", "-c", str(server.config), environment=server.environment)
    chat.shows("This is the small built-in guide")
    chat.shows("Ask something")
    chat.types("What is ai_bot?\r")
    chat.shows("People reach it")
    chat.shows("Ask something")
    chat.types("\x04")
    assert chat.exit_code() == 0
