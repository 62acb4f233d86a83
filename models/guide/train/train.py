#!/usr/bin/python3
"""Trains the built-in guide and writes it as GGUF (F32). Resumable: run it again to go on.

    models/guide/train/run            (installs what it needs, trains, and writes INT8)
"""
import argparse
import ctypes
import json
import math
import pathlib
import random
import sys
import time

import torch
from torch.nn import functional as F

import bpe
import dialogues
import gguf
import transformer

VOCABULARY, WIDTH, INNER, LAYERS = 4096, 192, 512, 4
CONTEXT = 512
SEED = 20261124
PAD, END, USER, ASSISTANT, SYSTEM_ROLE = range(5)

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message.role == 'user' -%}<|user|>{{ message.content }}<|end|>"
    "{%- elif message.role == 'assistant' -%}<|assistant|>{{ message.content }}<|end|>"
    "{%- elif message.role == 'system' -%}<|system|>{{ message.content }}<|end|>{%- endif -%}"
    "{%- endfor -%}{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}")


class Shape:
    """How a batch looks: `rows` dialogues of at most `length` tokens and `turns` turns, with a system prompt or not;
    of each answer the first `learnt` tokens. An answer begins with its subject, so what must be understood is decided
    by those: most batches end there and show many more questions."""

    def __init__(self, rows, length, turns, learnt, system):
        self.rows, self.length, self.turns, self.learnt, self.system = rows, length, turns, learnt, system


SHORT = Shape(rows=256, length=36, turns=(1,), learnt=4, system=0)
SYSTEM = Shape(rows=128, length=80, turns=(1,), learnt=4, system=1)
WHOLE = Shape(rows=24, length=256, turns=(1, 2, 3, 4), learnt=1 << 30, system=0.5)
CYCLE = (SHORT, SYSTEM, SHORT, WHOLE, SHORT, SYSTEM, SHORT, WHOLE, SHORT, SYSTEM)


def row_of(tokenizer, source, shape, rng):
    """The tokens of one dialogue, and which of them are learnt."""
    tokens, learnt = [], []
    if rng.random() < shape.system:
        tokens = [SYSTEM_ROLE] + tokenizer.encode(source.system(rng)) + [END]
        learnt = [False] * len(tokens)
    for question, answer in source.dialogue(rng, rng.choice(shape.turns)):
        head = [USER] + tokenizer.encode(question) + [END, ASSISTANT]
        body = (tokenizer.encode(answer) + [END])[:shape.learnt]
        if len(tokens) + len(head) + len(body) > shape.length + 1:
            break
        tokens += head + body
        learnt += [False] * len(head) + [True] * len(body)
    return tokens, learnt


def batch(tokenizer, source, shape, rng):
    """Token rows and their targets (-100 where nothing is learnt: questions and padding)."""
    tokens = torch.full((shape.rows, shape.length + 1), PAD)
    learnt = torch.zeros((shape.rows, shape.length + 1), dtype=torch.bool)
    for row in range(shape.rows):
        line, marks = [], []
        while not any(marks):  # a question that is too long for this shape
            line, marks = row_of(tokenizer, source, shape, rng)
        tokens[row, :len(line)] = torch.tensor(line)
        learnt[row, :len(line)] = torch.tensor(marks)
    length = int(learnt.any(0).nonzero().max())
    targets = torch.where(learnt, tokens, torch.tensor(-100))
    return tokens[:, :length], targets[:, 1:length + 1]


def learning_rate(step, steps, peak):
    if step < 40:
        return peak * (step + 1) / 40
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def show(step, steps, loss, started, done):
    seconds = (time.time() - started) / max(1, step + 1 - done) * (steps - step - 1)
    width = 30 * (step + 1) // steps
    line = f"[{'#' * width}{'.' * (30 - width)}] {step + 1}/{steps} loss {loss:.3f}, {seconds / 60:.1f} min left"
    if sys.stderr.isatty():
        print("\r" + line, end="", file=sys.stderr, flush=True)
    elif step % 50 == 0 or step + 1 == steps:
        print(line, file=sys.stderr, flush=True)


def keep_memory():
    """Freed tensors stay with the process: giving them back and touching fresh pages takes longer than the sums."""
    trim_threshold, mmap_max = -1, -4  # mallopt(3)
    libc = ctypes.CDLL(None)
    libc.mallopt(mmap_max, 0)
    libc.mallopt(trim_threshold, 1 << 30)


def train(out, steps, peak):
    keep_memory()
    torch.manual_seed(SEED)
    source = dialogues.Source()
    vocabulary = out / "merges.json"
    if not vocabulary.exists():
        vocabulary.write_text(json.dumps(bpe.train(source.texts(), VOCABULARY)))
    tokenizer = bpe.Tokenizer(json.loads(vocabulary.read_text()))
    model = transformer.Transformer(len(tokenizer.tokens), WIDTH, INNER, LAYERS)
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak, betas=(0.9, 0.98), weight_decay=0.05)
    checkpoint, done = out / "checkpoint.pt", 0
    if checkpoint.exists():
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        done = state["step"]
    started, average = time.time(), None
    for step in range(done, steps):
        rng = random.Random(SEED * 1000003 + step)
        tokens, targets = batch(tokenizer, source, CYCLE[step % len(CYCLE)], rng)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, peak)
        hidden = model(tokens)[targets != -100]
        loss = F.cross_entropy(hidden @ model.token_embd.weight.T, targets[targets != -100])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average = loss.item() if average is None else 0.95 * average + 0.05 * loss.item()
        show(step, steps, average, started, done)
        if (step + 1) % 100 == 0 or step + 1 == steps:
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1},
                       checkpoint)
    return model, tokenizer


def export(model, tokenizer, path):
    count = len(tokenizer.tokens)
    metadata = {
        "general.architecture": "llama", "general.name": "ai_bot guide",
        "general.description": "The built-in guide of ai_bot: answers questions about ai_bot only",
        "general.languages": ["en", "zh"], "general.file_type": 0,
        "llama.context_length": CONTEXT, "llama.embedding_length": WIDTH, "llama.block_count": LAYERS,
        "llama.feed_forward_length": INNER, "llama.attention.head_count": WIDTH // transformer.HEAD,
        "llama.attention.head_count_kv": WIDTH // transformer.HEAD,
        "llama.attention.layer_norm_rms_epsilon": transformer.EPSILON,
        "llama.rope.dimension_count": transformer.HEAD, "llama.rope.freq_base": transformer.ROPE_BASE,
        "llama.vocab_size": count,
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": tokenizer.tokens,
        "tokenizer.ggml.token_type": [3] * len(bpe.SPECIAL) + [1] * (count - len(bpe.SPECIAL)),
        "tokenizer.ggml.merges": [" ".join(pair) for pair in tokenizer.merges],
        "tokenizer.ggml.eos_token_id": END, "tokenizer.ggml.bos_token_id": END,
        "tokenizer.ggml.padding_token_id": PAD, "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": CHAT_TEMPLATE,
        "general.sampling.temp": 0.0,  # facts, not variety
    }
    tensors = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    gguf.write(path, metadata, tensors)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/guide"), help="folder for all output")
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--peak", type=float, default=3e-3, help="highest learning rate")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    model, tokenizer = train(arguments.out, arguments.steps, arguments.peak)
    path = arguments.out / "guide-f32.gguf"
    export(model, tokenizer, path)
    print(f"\n{path}: {sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters")


if __name__ == "__main__":
    main()
