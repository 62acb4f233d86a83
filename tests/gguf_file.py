"""Reads GGUF files of ours (ggml's docs/gguf.md), and makes an ordinary model of the built-in guide."""
import pathlib
import struct

NUMBERS = {0: "<B", 1: "<b", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q"}
STRING, ARRAY, ALIGNMENT = 8, 9, 32


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, form):
        value = struct.unpack_from(form, self.data, self.at)[0]
        self.at += struct.calcsize(form)
        return value

    def text(self):
        size = self.number("<Q")
        self.at += size
        return self.data[self.at - size:self.at].decode("utf-8")

    def value(self, kind):
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            inner, count = self.number("<I"), self.number("<Q")
            return [self.value(inner) for _ in range(count)]
        return self.number(NUMBERS[kind])

    def pairs(self):
        """(key, value, bytes of both) of all metadata; then `at` is behind them."""
        self.at = 16
        for _ in range(self.number("<Q")):
            begin = self.at
            key = self.text()
            yield key, self.value(self.number("<I")), self.data[begin:self.at]


def read_metadata(path):
    return {key: value for key, value, _ in Reader(pathlib.Path(path).read_bytes()).pairs()}


def without_lookup(source, target):
    """The guide's network as a model like any other: what it is asked, it is shown."""
    data = pathlib.Path(source).read_bytes()
    reader = Reader(data)
    kept = [raw for key, _, raw in reader.pairs() if not key.startswith("ai_bot.")]
    tensors = struct.unpack_from("<Q", data, 8)[0]
    infos = reader.at
    for _ in range(tensors):
        reader.text()
        dimensions = reader.number("<I")
        reader.at += 8 * dimensions + 4 + 8  # its shape, type and place
    weights = -(-reader.at // ALIGNMENT) * ALIGNMENT
    head = data[:16] + struct.pack("<Q", len(kept)) + b"".join(kept) + data[infos:reader.at]
    pathlib.Path(target).write_bytes(head + b"\0" * (-len(head) % ALIGNMENT) + data[weights:])
