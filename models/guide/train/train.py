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
import lookup
import phrasing
import transformer

VOCABULARY, WIDTH, INNER, LAYERS = 4096, 192, 512, 3
CONTEXT = 512
SEED = 20261124
PAD, END, USER, ASSISTANT, SYSTEM_ROLE = range(5)

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message.role == 'user' -%}<|user|>{{ message.content }}<|end|>"
    "{%- elif message.role == 'assistant' -%}<|assistant|>{{ message.content }}<|end|>"
    "{%- elif message.role == 'system' -%}<|system|>{{ message.content }}<|end|>{%- endif -%}"
    "{%- endfor -%}{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}")

# A batch is of one kind; longer rows are fewer.
ROWS = {phrasing.SURE: 48, phrasing.UNSURE: 24, phrasing.DECLINED: 48, phrasing.DOUBTFUL: 24}
CYCLE = [phrasing.SURE, phrasing.UNSURE, phrasing.UNSURE, phrasing.DOUBTFUL, phrasing.UNSURE, phrasing.SURE, phrasing.UNSURE, phrasing.DECLINED]

# What a passage begins with decides which it is: few tokens among many, so they count more.
BEGINNING, EMPHASIS = 5, 10.0


def emphasis(tokenizer, answer):
    """How much each token of an answer counts."""
    texts = [tokenizer.tokens[token] for token in answer]
    begins = [0] + [at + 1 for at in range(2, len(answer))  # "Ċ" is a newline in GPT-2's alphabet
                    if texts[at] == "." and texts[at - 1] in "123" and "Ċ" in texts[at - 2]]
    near = {at for begin in begins for at in range(begin, begin + BEGINNING)}
    return [EMPHASIS if at in near else 1.0 for at in range(len(answer))]


def row_of(tokenizer, phrases, kind, rng):
    """The tokens of one row, and how much each counts: those before the answer do not."""
    while True:
        system, question, answer = phrases.row(kind, rng)
        head = [SYSTEM_ROLE, *tokenizer.encode(system), END, USER, *tokenizer.encode(question), END, ASSISTANT]
        body = tokenizer.encode(answer) + [END]
        if len(head) + len(body) <= CONTEXT:
            return head + body, [0.0] * len(head) + emphasis(tokenizer, body)


def batch(tokenizer, phrases, kind, rng):
    """Token rows, their targets, and how much each of these counts."""
    rows = [row_of(tokenizer, phrases, kind, rng) for _ in range(ROWS[kind])]
    length = max(len(tokens) for tokens, _ in rows)
    tokens = torch.full((len(rows), length), PAD)
    weights = torch.zeros((len(rows), length))
    for number, (row, counts) in enumerate(rows):
        tokens[number, :len(row)] = torch.tensor(row)
        weights[number, :len(row)] = torch.tensor(counts)
    return tokens[:, :-1], tokens[:, 1:], weights[:, 1:]


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
    phrases = phrasing.Phrasing(source)
    vocabulary = out / "merges.json"
    if not vocabulary.exists():
        vocabulary.write_text(json.dumps(bpe.train([*source.texts(), *phrasing.OPENINGS.values(), *phrasing.NEAREST.values()], VOCABULARY)))
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
        tokens, targets, weights = batch(tokenizer, phrases, CYCLE[step % len(CYCLE)], rng)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, peak)
        learnt = weights > 0
        losses = F.cross_entropy(model(tokens)[learnt] @ model.token_embd.weight.T, targets[learnt], reduction="none")
        loss = (losses * weights[learnt]).sum() / weights.sum()
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


def export(model, tokenizer, knowledge, path):
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
        **knowledge.metadata(),
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
    export(model, tokenizer, lookup.Lookup(dialogues.Source()), path)
    print(f"\n{path}: {sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters")


if __name__ == "__main__":
    main()
