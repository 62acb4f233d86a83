"""The guide's look-up: which topics of the corpus a question is about. A linear classifier (one against the rest) on
pieces of words and runs of words or Chinese letters, kept in the GGUF file's metadata as `ai_bot.lookup.*`;
src/models/lookup.cc reads it and does the same sums."""
import collections
import math
import random
import sys

import numpy
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier

from dialogues import LANGUAGES
from features import features
from phrasing import subject_of

SAMPLES = 120_000     # questions a language
FRAMED, OUTSIDE = 0.3, 0.15  # shares of them; see dialogues.Source
LEAST_SEEN = 8        # questions a feature must occur in
KEPT = 0.1            # share of the weights, the largest ones
REGULARIZATION, EPOCHS = 5e-7, 5
SEED = 20261124

# Shares of the belief, of all 1, chosen on a fifth of the corpus that was left out of training (not on ../evaluation):
SURE = 0.75     # from here on the first topic is the answer
LIKELY = 0.03   # otherwise up to three of at least this
FOREIGN = 0.6   # from here on a question is declined
DOUBTFUL = 0.15  # from here on it is declined, and the likely topics are named


class Lookup:
    """`importance`: of each feature, 1 to 255: rare ones are worth more. A question's features weigh that much, brought
    to length 1 together."""

    def __init__(self, source):
        rng = random.Random(SEED)
        source.FRAMED, source.OUTSIDE = FRAMED, OUTSIDE
        self.topics = source.topics
        order = {topic.name: number for number, topic in enumerate(self.topics)}
        asked = [source.question(language, rng) for language in LANGUAGES for _ in range(SAMPLES)]
        made_of = [features(text) for text, _ in asked]
        seen = collections.Counter(feature for found in made_of for feature in found)
        self.features = sorted(feature for feature, times in seen.items() if times >= LEAST_SEEN)
        self.places = {feature: place for place, feature in enumerate(self.features)}
        rarity = numpy.array([math.sqrt(math.log(len(asked) / seen[feature])) for feature in self.features])
        self.importance = numpy.maximum(1, numpy.round(255 * rarity / rarity.max())).astype(numpy.uint8)
        print(f"look-up: {len(asked)} questions, {len(self.features)} features, {len(self.topics)} topics", file=sys.stderr)
        learner = SGDClassifier(loss="log_loss", alpha=REGULARIZATION, max_iter=EPOCHS, tol=None, random_state=SEED, n_jobs=2)
        learner.fit(self.rows(made_of), [order[topic.name] for _, topic in asked])
        self.round(learner.coef_.T)
        self.biases = learner.intercept_.astype(numpy.float32)

    def rows(self, made_of):
        places, values, ends = [], [], [0]
        for found in made_of:
            here = sorted(self.places[feature] for feature in found if feature in self.places)
            weights = self.importance[here].astype(numpy.float64)
            places += here
            values += list(weights / max(1e-9, math.sqrt(weights @ weights)))
            ends.append(len(places))
        return csr_matrix((values, places, ends), shape=(len(made_of), len(self.features)))

    def round(self, weights):
        """Keeps the largest weights, as INT8 with a scale for each topic. Features without any are forgotten."""
        least = numpy.quantile(numpy.abs(weights), 1 - KEPT)
        kept = numpy.abs(weights) >= least
        self.scales = (numpy.abs(weights).max(0) / 127).astype(numpy.float32)
        whole = numpy.round(weights / self.scales).astype(numpy.int8)
        self.starts = numpy.concatenate([[0], numpy.cumsum(kept.sum(1))]).astype(numpy.uint32)
        self.weight_topics = numpy.nonzero(kept)[1].astype(numpy.uint8)
        self.weights = whole[kept]

    def metadata(self):
        return {"ai_bot.lookup." + name: value for name, value in {
            "topics": [topic.name for topic in self.topics],
            **{f"subjects.{language}": [subject_of(topic.answers[language]) for topic in self.topics] for language in LANGUAGES},
            "features": numpy.array(self.features, numpy.uint32), "importance": self.importance,
            "starts": self.starts, "weight_topics": self.weight_topics, "weights": self.weights,
            "scales": self.scales, "biases": self.biases,
            "beliefs": numpy.array([SURE, LIKELY, FOREIGN, DOUBTFUL], numpy.float32)}.items()}
