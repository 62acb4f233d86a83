#!/usr/bin/python3
"""Writes a GGUF of random weights in the shape of a 0.5 B model (Qwen2.5-0.5B's widths, llama's layout), with the
built-in guide's vocabulary, in F32: its answers are noise, its speed and memory are those of a real model.

    tests/load/random_model.py OUT.gguf; ai_bot model quantize OUT.gguf
"""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
subprocess.run([str(ROOT / "script/packages"), "python3-numpy"], check=True)
import numpy  # noqa: E402

sys.path.insert(0, str(ROOT / "models/guide/train"))
import gguf  # noqa: E402

sys.path.insert(0, str(ROOT / "tests"))
from gguf_file import read_metadata  # noqa: E402

WIDTH, INNER, LAYERS, HEADS, KV_HEADS = 896, 4864, 24, 14, 2


def main():
    metadata = read_metadata(ROOT / "models/guide/guide-q8_0.gguf")
    for key in [k for k in metadata if k.startswith(("general.quant", "ai_bot.")) or k == "general.file_type"]:
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
