"""Dialogues from the corpus: every way of asking that its templates spell out, and the variations
people add (politeness, letter case, missing marks, typing slips). See ../corpus/README.md."""
import itertools
import pathlib
import random
import re
from dataclasses import dataclass, field

CORPUS = pathlib.Path(__file__).parent.parent / "corpus"
LANGUAGES = ("en", "zh")

BEFORE = {
    "en": ["please tell me: ", "hi, ", "hello, ", "can you tell me ", "I want to know: ", "quick question: ", "um, "],
    "zh": ["请问", "你好，", "想问一下，", "请告诉我", "帮我看看，", "那个，", "我想知道", "麻烦问下"],
}
AFTER = {
    "en": [" please", " thanks", " with ai_bot", " here", "!", "??", " now"],
    "zh": ["呢", "啊", "呀", "，谢谢", "？？", "！", "，急", "啊？"],
}


@dataclass
class Topic:
    name: str
    questions: dict = field(default_factory=lambda: {language: [] for language in LANGUAGES})
    answers: dict = field(default_factory=dict)


def expand(template):
    """'{a/b} c' -> ['a c', 'b c']"""
    parts = [part[1:-1].split("/") if part.startswith("{") else [part]
             for part in re.split(r"(\{[^}]*\})", template)]
    return ["".join(choice) for choice in itertools.product(*parts)]


def read_topics(folder=CORPUS):
    topics = []
    for path in sorted(folder.glob("*.txt")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            if line.startswith("@"):
                topics.append(Topic(line[1:].strip()))
                continue
            match = re.match(r"([qa]) (en|zh): (.*)", line)
            if not match or not topics:
                raise SystemExit(f"{path}:{number}: expected '@topic', 'q en:', 'q zh:', 'a en:' or 'a zh:'")
            kind, language, text = match.groups()
            if kind == "a":
                topics[-1].answers[language] = text.strip()
            else:
                for template in text.split(" | "):
                    topics[-1].questions[language] += expand(template.strip())
    return topics


def slip(text, rng):
    """One typing slip: a letter lost, doubled, or swapped with the next."""
    at = rng.randrange(max(1, len(text) - 1))
    kind = rng.randrange(3)
    if kind == 0 and len(text) > 6:
        return text[:at] + text[at + 1:]
    if kind == 1:
        return text[:at] + text[at:at + 1] + text[at:]
    return text[:at] + text[at:at + 2][::-1] + text[at + 2:]


def vary(question, language, rng):
    text = question
    if language == "en":
        if rng.random() < 0.35:
            text = text.rstrip("?.")
        if rng.random() < 0.4:
            text = text.lower()
    elif rng.random() < 0.45:
        text += "？"
    if rng.random() < 0.25:
        text = rng.choice(BEFORE[language]) + (text if language == "zh" else text[0].lower() + text[1:])
    if rng.random() < 0.2:
        text = text.rstrip("?？") + rng.choice(AFTER[language])
    if rng.random() < 0.15:
        text = slip(text, rng)
    return text


def weight(topic):
    """Themes with many forms are seen more often, so that each form is learnt."""
    return 1.0 + (len(topic.questions["en"]) + len(topic.questions["zh"])) / 25


def dialogue(topics, weights, rng):
    """A list of (question, answer): one to four turns, mostly in one language."""
    language = rng.choice(LANGUAGES)
    turns = []
    for topic in rng.choices(topics, weights, k=rng.choice((1, 1, 2, 3, 4))):
        if rng.random() < 0.15:
            language = rng.choice(LANGUAGES)
        question = vary(rng.choice(topic.questions[language]), language, rng)
        turns.append((question, topic.answers[language]))
    return turns
