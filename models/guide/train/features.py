"""What a text is made of, for the look-up: src/models/lookup.cc does the same, and tests/unit/models/lookup_vectors.json
holds what both must find."""
import re
import zlib

LONGEST_PIECE, LONGEST_RUN = 5, 4


def units(text):
    """Words in lower case and single letters of other scripts, between "^" and "$". Full-width ASCII counts as ASCII;
    marks and spaces only part."""
    folded = re.sub("[\uff01-\uff5e]", lambda m: chr(ord(m[0]) - 0xFEE0), text)
    folded = re.sub("[A-Z]", lambda m: m[0].lower(), folded)
    return ["^", *re.findall("[a-z0-9]+|[\u00c0-\u1fff\u2c00-\u2fff\u3040-\uffff]", folded), "$"]


def features(text):
    """What a text is made of: pieces of 2 to 5 letters of every word with its edges, runs of 1 to 4 units."""
    found, line = set(), units(text)
    for unit in line:
        if re.match("[a-z0-9]", unit):
            word = f"<{unit}>"
            found.update(word[at:at + size] for size in range(2, LONGEST_PIECE + 1) for at in range(len(word) - size + 1))
    for size in range(1, LONGEST_RUN + 1):
        found.update("\t" + " ".join(line[at:at + size]) for at in range(len(line) - size + 1))
    return {zlib.crc32(feature.encode()) for feature in found}
