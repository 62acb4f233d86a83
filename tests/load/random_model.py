#!/usr/bin/python3
"""Writes a GGUF of random weights in the shape of a 0.5 B model (Qwen2.5-0.5B's widths, llama's layout), with the
built-in guide's vocabulary, in F32: its answers are noise, its speed and memory are those of a real model.

    tests/load/random_model.py OUT.gguf; ai_bot model quantize OUT.gguf
"""
import json
import pathlib
import struct
import sys

import numpy

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "models/guide/train"))
import gguf  # noqa: E402

WIDTH, INNER, LAYERS, HEADS, KV_HEADS = 896, 4864, 24, 14, 2


def read_metadata(path):
    """The key-value pairs of a GGUF file of ours, with its lists."""
    data, at = pathlib.Path(path).read_bytes(), 24
    sizes = {4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q"}

    def number(form):
        nonlocal at
        value = struct.unpack_from(form, data, at)[0]
        at += struct.calcsize(form)
        return value

    def text():
        nonlocal at
        size = number("<Q")
        at += size
        return data[at - size:at].decode("utf-8")

    def value(kind):
        if kind == 8:
            return text()
        if kind == 9:
            inner, count = number("<I"), number("<Q")
            return [value(inner) for _ in range(count)]
        return number(sizes[kind])

    return {text(): value(number("<I")) for _ in range(struct.unpack_from("<Q", data, 16)[0])}


def main():
    metadata = read_metadata(ROOT / "models/guide/guide-q8_0.gguf")
    for key in [k for k in metadata if k.startswith("general.quant") or k == "general.file_type"]:
        del metadata[key]
    metadata.update({
        "general.name": "random weights", "llama.context_length": 4096, "llama.embedding_length": WIDTH, "llama.block_count": LAYERS,
        "llama.feed_forward_length": INNER, "llama.attention.head_count": HEADS, "llama.attention.head_count_kv": KV_HEADS,
        "llama.rope.dimension_count": WIDTH // HEADS})
    rng = numpy.random.default_rng(1)
    kv = WIDTH // HEADS * KV_HEADS
    shapes = {"token_embd.weight": (metadata["llama.vocab_size"], WIDTH), "output_norm.weight": (WIDTH,)}
    for i in range(LAYERS):
        shapes |= {f"blk.{i}.{name}.weight": shape for name, shape in {
            "attn_norm": (WIDTH,), "ffn_norm": (WIDTH,), "attn_q": (WIDTH, WIDTH), "attn_k": (kv, WIDTH), "attn_v": (kv, WIDTH),
            "attn_output": (WIDTH, WIDTH), "ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER)}.items()}
    tensors = {name: numpy.ones(shape, "float32") if len(shape) == 1 else rng.standard_normal(shape, dtype="float32") * 0.02
               for name, shape in shapes.items()}
    gguf.write(sys.argv[1], metadata, tensors)
    print(json.dumps({"parameters": sum(int(numpy.prod(s)) for s in shapes.values())}))


if __name__ == "__main__":
    main()
