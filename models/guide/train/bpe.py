"""A byte-level BPE vocabulary of our own, in the form llama.cpp calls `gpt2`."""
import collections

import regex

# The pre-tokenizer llama.cpp names "gpt-2".
WORDS = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
SPECIAL = ["<|pad|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]


def printable_bytes():
    """GPT-2's table: every byte as one printable character."""
    kept = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table = {byte: chr(byte) for byte in kept}
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(256 + len(table) - len(kept))
    return table


BYTES = printable_bytes()


def word_symbols(word):
    return tuple(BYTES[byte] for byte in word.encode("utf-8"))


def merge(symbols, pair):
    out, at = [], 0
    while at < len(symbols):
        if at + 1 < len(symbols) and (symbols[at], symbols[at + 1]) == pair:
            out.append(symbols[at] + symbols[at + 1])
            at += 2
        else:
            out.append(symbols[at])
            at += 1
    return tuple(out)


def train(texts, size):
    """The merges of a vocabulary of at most `size` tokens, the most frequent pair first."""
    counted = collections.Counter(word for text in texts for word in WORDS.findall(text))
    words = [(word_symbols(word), count) for word, count in counted.items()]
    pairs, where = collections.Counter(), collections.defaultdict(set)

    def note(number, sign):
        symbols, count = words[number]
        for pair in zip(symbols, symbols[1:]):
            pairs[pair] += sign * count
            if sign > 0:
                where[pair].add(number)

    for number in range(len(words)):
        note(number, 1)
    merges = []
    while len(SPECIAL) + 256 + len(merges) < size:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        if pairs[best] < 2:
            break
        merges.append(best)
        for number in where.pop(best):  # the words it was in at some time; others are left as they are
            note(number, -1)
            words[number] = (merge(words[number][0], best), words[number][1])
            note(number, 1)
        del pairs[best]
    return merges


class Tokenizer:
    def __init__(self, merges):
        self.merges = [tuple(pair) for pair in merges]
        self.tokens = SPECIAL + [BYTES[byte] for byte in range(256)] + [a + b for a, b in self.merges]
        self.ids = {token: number for number, token in enumerate(self.tokens)}
        self.rank = {pair: number for number, pair in enumerate(self.merges)}
        self.cache = {}

    def encode(self, text):
        return [number for word in WORDS.findall(text) for number in self._word(word)]

    def _word(self, word):
        if word not in self.cache:
            symbols = word_symbols(word)
            while len(symbols) > 1:
                pair = min(zip(symbols, symbols[1:]), key=lambda p: self.rank.get(p, 1 << 30))
                if pair not in self.rank:
                    break
                symbols = merge(symbols, pair)
            self.cache[word] = [self.ids[symbol] for symbol in symbols]
        return self.cache[word]
