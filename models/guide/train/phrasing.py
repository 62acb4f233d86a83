"""What the network learns: to say what it knows of the subjects that the look-up found. It is shown them in a system
message (src/models/lookup.cc writes the same) and the question, and answers with their passages."""
import re

from dialogues import LANGUAGES

OPENINGS = {"en": "I am not sure which you mean.", "zh": "不确定你问的是哪一个。"}
NEAREST = {"en": "Perhaps this helps:", "zh": "也许这些有用："}

# Kinds of answers: one passage, several, none, none but what may help.
SURE, UNSURE, DECLINED, DOUBTFUL = "sure", "unsure", "declined", "doubtful"


def language_of(text):
    return "zh" if any("\u2e80" <= c <= "\u9fff" for c in text) else "en"


def subject_of(passage):
    """What it begins with."""
    return re.split("[:：!！.。]", passage)[0]


def numbered(texts):
    return [f"{number}. {text}" for number, text in enumerate(texts, 1)]


def shown(known, subjects, decline):
    """The system message; `decline`: the subject of the refusal."""
    if known and len(subjects) == 1:
        return subjects[0]
    return "\n".join(([] if known else [decline]) + numbered(subjects))


def said(known, passages, language, decline):
    """The answer; `decline`: the refusal."""
    if known and len(passages) == 1:
        return passages[0]
    opening = OPENINGS[language] if known else decline + ("\n\n" + NEAREST[language] if passages else "")
    return "\n\n".join([opening, *numbered(passages)])


class Phrasing:
    def __init__(self, source):
        self.source = source
        self.passages = {language: [topic.answers[language] for topic in source.inside] for language in LANGUAGES}

    def row(self, kind, rng):
        """(system message, question, answer). The passages do not fit the question: only what is shown decides."""
        question, _ = self.source.question(rng.choice(LANGUAGES), rng)
        language = language_of(question)
        count = {SURE: 1, UNSURE: rng.choice((2, 3)), DECLINED: 0, DOUBTFUL: rng.choice((1, 2))}[kind]
        passages = rng.sample(self.passages[language], count)
        decline = self.source.outside.answers[language]
        known = kind in (SURE, UNSURE)
        return shown(known, list(map(subject_of, passages)), subject_of(decline)), question, said(known, passages, language, decline)
