"""Questions from the corpus: ways of asking that its templates spell out, and the variations people add (forms,
synonyms, politeness, letter case, missing words and marks, typing slips). See ../corpus/README.md."""
import configparser
import itertools
import math
import pathlib
import random
import re
from dataclasses import dataclass, field

CORPUS = pathlib.Path(__file__).parent.parent / "corpus"
LANGUAGES = ("en", "zh")


@dataclass
class Topic:
    name: str
    questions: dict = field(default_factory=lambda: {language: [] for language in LANGUAGES})  # templates
    answers: dict = field(default_factory=dict)


def read_ini(path):
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), empty_lines_in_values=False)
    parser.optionxform = str
    parser.read(path, encoding="utf-8")
    return parser


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
                topics[-1].questions[language] += [template.strip() for template in text.split("|")]
    return topics


class Words:
    """Fills templates: {a/b} is one of several words, {=list} one of a list in words.ini."""

    def __init__(self):
        lists = read_ini(CORPUS / "words.ini")
        self.lists = {language: {name: value.split("/") for name, value in lists[language].items()} for language in LANGUAGES}

    def alternatives(self, part, language):
        out = []
        for choice in part.split("/"):
            match = re.match(r"(.*?)=(\w+?)(?![a-z])(.*)$", choice)
            out += [match[1] + word + match[3] for word in self.lists[language][match[2]]] if match else [choice]
        return out

    def fill(self, template, language, rng):
        return re.sub(r"\{([^}]*)\}", lambda m: rng.choice(self.alternatives(m[1], language)), template)

    def all(self, template, language, most=60):
        """Every filling, or `most` of them."""
        return ["".join(choice) for choice in itertools.islice(itertools.product(*self.parts(template, language)), most)]

    def parts(self, template, language):
        return [self.alternatives(part[1:-1], language) if part.startswith("{") else [part] for part in re.split(r"(\{[^}]*\})", template)]

    def count(self, template, language):
        return math.prod(map(len, self.parts(template, language)))


class Variations:
    def __init__(self):
        ini = read_ini(CORPUS / "variations.ini")
        split = lambda value: value.split("/")  # noqa: E731
        self.before = {language: split(ini[f"before.{language}"]["list"]) for language in LANGUAGES}
        self.after = {language: split(ini[f"after.{language}"]["list"]) for language in LANGUAGES}
        self.forms = {language: [split(value) for value in ini[f"forms.{language}"].values()] for language in LANGUAGES}
        self.synonyms = {language: [group.strip().split(",") for group in ini[f"synonyms.{language}"]["list"].split("|")] for language in LANGUAGES}
        self.names = {language: split(ini[f"names.{language}"]["list"]) for language in LANGUAGES}

    def another_form(self, text, language, rng):
        for forms in self.forms[language]:
            for form in forms:
                head, _, tail = form.partition("…")
                bare = text.rstrip("?？.。 ")
                if not head or tail or not bare.lower().startswith(head):
                    continue
                rest = bare[len(head):]
                return rng.choice(forms).replace("…", rest)
        return text

    def another_word(self, text, language, rng):
        groups = [(group, word) for group in self.synonyms[language] for word in group
                  if (re.search(rf"\b{re.escape(word)}\b", text) if language == "en" else word in text)]
        if not groups:
            return text
        group, word = rng.choice(groups)
        other = rng.choice(group)
        return re.sub(rf"\b{re.escape(word)}\b", other, text, count=1) if language == "en" else text.replace(word, other, 1)

    def vary(self, text, language, rng):
        if rng.random() < 0.35:
            text = self.another_form(text, language, rng)
        while rng.random() < 0.45:
            text = self.another_word(text, language, rng)
        if language == "en":
            if rng.random() < 0.08 and text.count(" ") > 3:
                words = text.split(" ")
                del words[rng.randrange(len(words))]
                text = " ".join(words)
            if rng.random() < 0.45:
                text = text.rstrip("?.")
            if rng.random() < 0.5:
                text = text.lower()
        elif rng.random() < 0.4:
            text += "？"
        if rng.random() < 0.25:
            text = rng.choice(self.before[language]) + (text if language == "zh" else text[:1].lower() + text[1:])
        if rng.random() < 0.2:
            after = rng.choice(self.after[language])
            text = text.rstrip("?？") + (" " if after[:1].isascii() and after[:1].isalpha() else "") + after
        if rng.random() < 0.12:
            text = slip(text, rng)
        return text


def slip(text, rng):
    """One typing slip: a letter lost, doubled, or swapped with the next."""
    at = rng.randrange(max(1, len(text) - 1))
    kind = rng.randrange(3)
    if kind == 0 and len(text) > 6:
        return text[:at] + text[at + 1:]
    if kind == 1:
        return text[:at] + text[at:at + 1] + text[at:]
    return text[:at] + text[at:at + 2][::-1] + text[at + 2:]


class Terms:
    """Questions made of a topic's nouns and verb phrases in frames (terms.ini)."""

    def __init__(self):
        ini = read_ini(CORPUS / "terms.ini")
        self.terms = {language: {kind: {topic: value.split("/") for topic, value in ini[f"{language}.{kind}s"].items()} for kind in ("noun", "verb")}
                      for language in LANGUAGES}
        self.frames = {language: {kind: ini[f"{language}.{kind}_frames"]["list"].split("/") for kind in ("noun", "verb")} for language in LANGUAGES}

    def question(self, topic, language, rng):
        """A framed term of the topic, or None when it has none."""
        kinds = [kind for kind in ("noun", "verb") if topic in self.terms[language][kind]]
        if not kinds:
            return None
        kind = rng.choice(kinds)
        return rng.choice(self.frames[language][kind]).replace("…", rng.choice(self.terms[language][kind][topic]))

    def all(self, topic, language):
        for kind in ("noun", "verb"):
            for term in self.terms[language][kind].get(topic, ()):
                yield from (frame.replace("…", term) for frame in self.frames[language][kind])

    def texts(self, language):
        for kind in ("noun", "verb"):
            yield from self.frames[language][kind]
            for terms in self.terms[language][kind].values():
                for term in terms:
                    yield from [term] * 5


class Source:
    """Endless questions. Those outside the knowledge are the widest theme and have a share of their own."""

    OUTSIDE = 0.25
    NAMED = 0.12  # of the inside ones name ai_bot though they need not
    FRAMED = 0.5  # by terms; the others by whole templates

    def __init__(self):
        self.topics = read_topics()
        self.words = Words()
        self.variations = Variations()
        self.terms = Terms()
        self.inside = [topic for topic in self.topics if topic.name != "outside"]
        self.outside = next(topic for topic in self.topics if topic.name == "outside")
        # Themes with many forms are seen more often, so that each form is learnt.
        self.weights = [1 + sum(map(len, topic.questions.values())) / 100 for topic in self.inside]
        # A template that spells out many questions is seen more often than one that is a single question.
        self.template_weights = {(topic.name, language): [self.words.count(template, language) ** 0.4 for template in topic.questions[language]]
                                 for topic in self.topics for language in LANGUAGES}

    def question(self, language, rng):
        """(question, topic), the topic at random."""
        topic = self.outside if rng.random() < self.OUTSIDE else rng.choices(self.inside, self.weights)[0]
        text = rng.random() < self.FRAMED and self.terms.question(topic.name, language, rng)
        if not text:
            template = rng.choices(topic.questions[language], self.template_weights[topic.name, language])[0]
            text = self.words.fill(template, language, rng)
        if topic is not self.outside and "ai_bot" not in text and rng.random() < self.NAMED:
            text = rng.choice(self.variations.names[language]).replace("…", text.rstrip("?？"))
        return self.variations.vary(text, language, rng), topic

    def spelled_out(self, topic, language):
        """Every question the templates and framed terms of a topic spell out, before variations."""
        for template in topic.questions[language]:
            yield from self.words.all(template, language, most=5000)
        yield from self.terms.all(topic.name, language)

    def texts(self):
        """Everything the vocabulary is made from."""
        for topic in self.topics:
            for language in LANGUAGES:
                for template in topic.questions[language]:
                    yield from self.words.all(template, language)
                for _ in range(20):
                    yield topic.answers[language]
        for language in LANGUAGES:
            yield from self.terms.texts(language)
        for language in LANGUAGES:
            for group in self.variations.synonyms[language]:
                yield from group
            yield from self.variations.before[language] + self.variations.after[language]
            yield from (form for forms in self.variations.forms[language] for form in forms)
