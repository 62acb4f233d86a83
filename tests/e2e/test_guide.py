"""What the built-in guide says: only commands, keys and paths that exist; and how well it says it."""
import json
import re
import subprocess
import sys

import pytest

from conftest import PATIENCE, ROOT, cli

sys.path.insert(0, str(ROOT / "models/guide/train"))
import dialogues  # noqa: E402
import features  # noqa: E402
import phrasing  # noqa: E402

ANSWERS = sorted({answer for topic in dialogues.read_topics() for answer in topic.answers.values()})
# Parts of the system or of ours that no command of ours lists.
KNOWN = {"file:", "${ENV}", "https_proxy", "--url", "/etc/ai_bot/config.yaml", "source <(ai_bot completion bash)", "echo question | ai_bot chat", "echo 问题 | ai_bot chat"}


def quoted():
    return sorted({part for answer in ANSWERS for part in re.findall(r"`([^`]+)`", answer)})


def config_keys(schema, prefix=""):
    for name, value in schema.get("properties", {}).items():
        yield prefix + name
        yield from config_keys(value, prefix + name + ".")
        yield from config_keys(value.get("items", {}), "")


@pytest.mark.parametrize("part", quoted())
def test_what_an_answer_names_exists(part):
    if part in KNOWN:
        return
    if part.startswith("ai_bot "):
        words = part.split()[1:]
        command = [word for word in words if not word.startswith("--")]
        help_text = cli(*command, "--help")
        assert help_text.returncode == 0
        assert all(word in help_text.stdout for word in words if word.startswith("--"))
    elif part.startswith("script/"):
        assert (ROOT / part).exists()
    elif re.fullmatch(r"(GET|POST) /\S+|/metrics|/api/webhook/", part):
        path = part.split()[-1]
        assert any(f'"{path.rstrip("/")}' in file.read_text(encoding="utf-8") for file in (ROOT / "src/api").glob("*.cc"))
    elif part.startswith("/"):
        assert f'"{part[1:]}"' in (ROOT / "src/assistant/commands.cc").read_text(encoding="utf-8")
    elif part.startswith("--"):
        assert part in cli("--help").stdout
    else:
        assert part in set(config_keys(json.loads(cli("config", "schema").stdout)))


@pytest.mark.parametrize("topic", dialogues.read_topics(), ids=lambda topic: topic.name)
def test_an_answer_names_a_document_that_exists(topic):
    if topic.name in ("outside", "hello", "thanks", "bye", "how_are_you"):
        return
    for answer in topic.answers.values():
        named = re.findall(r"(?:See|详见) (\S+\.md)", answer)
        assert named and all((ROOT / name).exists() for name in named)


def test_each_subject_stands_for_one_passage():
    """The network is shown subjects only."""
    subjects = [phrasing.subject_of(answer) for topic in dialogues.read_topics() for answer in topic.answers.values()]
    assert len(set(subjects)) == len(subjects)


def test_a_text_has_the_features_the_program_finds_in_it():
    for vector in json.loads((ROOT / "tests/unit/models/lookup_vectors.json").read_text(encoding="utf-8")):
        assert sorted(features.features(vector["text"])) == vector["features"]


def test_the_committed_model_is_the_one_of_its_checksum_and_small():
    subprocess.run(["sha256sum", "--check", "--status", "guide-q8_0.gguf.sha256"], cwd=ROOT / "models/guide", check=True)
    assert (ROOT / "models/guide/guide-q8_0.gguf").stat().st_size < 10_000_000


def test_the_evaluation_knows_every_topic():
    topics = {topic.name for topic in dialogues.read_topics()}
    for language in ("en", "zh"):
        inside = (ROOT / f"models/guide/evaluation/inside.{language}.txt").read_text(encoding="utf-8")
        assert {line[1:] for line in inside.splitlines() if line.startswith("@")} == topics - {"outside"}
        facts = (ROOT / "models/guide/evaluation/facts.ini").read_text(encoding="utf-8")
        assert set(re.findall(r"^(\w+) = ", facts, re.M)) == topics


def test_the_guide_answers_as_well_as_was_measured():
    """The short evaluation, against the scores of the committed model (models/guide/scores.json)."""
    measured = json.loads((ROOT / "models/guide/scores.json").read_text(encoding="utf-8"))["short"]
    # timeout(1) ends the server with it that it started.
    done = subprocess.run(["timeout", str(PATIENCE * 5), "/usr/bin/python3", str(ROOT / "models/guide/evaluate"), "--short", "--json"],
                          capture_output=True, text=True)
    assert done.stdout, (done.returncode, done.stderr)
    scores = json.loads(done.stdout)["scores"]
    # The same questions to the same model: only the processor's arithmetic may differ.
    for group, score in scores.items():
        assert score >= measured[group] - 0.05, (group, score, measured[group])


def test_each_answer_carries_its_own_fact_and_no_other():
    sys.path.insert(0, str(ROOT / "models/guide"))
    import importlib.machinery, importlib.util
    loader = importlib.machinery.SourceFileLoader("evaluate", str(ROOT / "models/guide/evaluate"))
    evaluate = importlib.util.module_from_spec(importlib.util.spec_from_loader("evaluate", loader))
    loader.exec_module(evaluate)
    facts = evaluate.read_facts()
    for topic in dialogues.read_topics():
        for language in ("en", "zh"):
            carried = [name for name, parts in facts[language].items() if all(part in topic.answers[language] for part in parts)]
            assert carried == [topic.name]
