#!/usr/bin/python3
"""Trains the built-in guide and writes it as GGUF (F32). Resumable: run it again to go on.

    /usr/bin/python3 models/guide/train/train.py --out build/guide
"""
import argparse
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

VOCABULARY, WIDTH, INNER, LAYERS = 2048, 192, 512, 6
CONTEXT = 512
LENGTH, BATCH = 256, 16
SEED = 20261124
PAD, END, USER, ASSISTANT = range(4)

# The system prompt is left out: this model was trained without one.
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message.role == 'user' -%}<|user|>{{ message.content }}<|end|>"
    "{%- elif message.role == 'assistant' -%}<|assistant|>{{ message.content }}<|end|>{%- endif -%}"
    "{%- endfor -%}{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}")


def batch(tokenizer, topics, weights, rng):
    """Rows of whole dialogues; only answers are learnt (targets elsewhere are -100)."""
    tokens = torch.full((BATCH, LENGTH + 1), PAD)
    learnt = torch.zeros((BATCH, LENGTH + 1), dtype=torch.bool)
    for row in range(BATCH):
        at = 0
        for question, answer in dialogues.dialogue(topics, weights, rng):
            head = [USER] + tokenizer.encode(question) + [END, ASSISTANT]
            body = tokenizer.encode(answer) + [END]
            if at + len(head) + len(body) > LENGTH + 1:
                break
            tokens[row, at:at + len(head) + len(body)] = torch.tensor(head + body)
            learnt[row, at + len(head):at + len(head) + len(body)] = True
            at += len(head) + len(body)
    length = max(32, int(learnt.any(0).nonzero().max()))
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


def train(out, steps, peak):
    torch.manual_seed(SEED)
    topics = dialogues.read_topics()
    weights = [dialogues.weight(topic) for topic in topics]
    vocabulary = out / "merges.json"
    if not vocabulary.exists():
        texts = [text for topic in topics for language in dialogues.LANGUAGES
                 for text in topic.questions[language] + [topic.answers[language]] * 20]
        vocabulary.write_text(json.dumps(bpe.train(texts, VOCABULARY)))
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
        tokens, targets = batch(tokenizer, topics, weights, rng)
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
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--peak", type=float, default=3e-3, help="highest learning rate")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    model, tokenizer = train(arguments.out, arguments.steps, arguments.peak)
    path = arguments.out / "guide-f32.gguf"
    export(model, tokenizer, path)
    print(f"\n{path}: {sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters")


if __name__ == "__main__":
    main()
