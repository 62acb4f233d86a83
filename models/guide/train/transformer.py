"""The guide's network: llama's architecture (RMS norm, rotary positions, SwiGLU), small."""
import torch
from torch import nn
from torch.nn import functional as F

HEAD = 32
ROPE_BASE = 10000.0
EPSILON = 1e-5


class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPSILON) * self.weight


def rotary_table(length):
    angles = torch.outer(torch.arange(length).float(), ROPE_BASE ** (-torch.arange(0, HEAD, 2).float() / HEAD))
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    """Neighbouring pairs turn together: llama.cpp's order for this architecture."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class Block(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.attn_norm, self.ffn_norm = RMSNorm(width), RMSNorm(width)
        self.attn_q, self.attn_k, self.attn_v, self.attn_output = (
            nn.Linear(width, width, bias=False) for _ in range(4))
        self.ffn_gate, self.ffn_up = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.ffn_down = nn.Linear(inner, width, bias=False)

    def forward(self, x, cos, sin, mask):
        batch, length, width = x.shape
        h = self.attn_norm(x)
        q, k, v = (layer(h).view(batch, length, width // HEAD, HEAD).transpose(1, 2)
                   for layer in (self.attn_q, self.attn_k, self.attn_v))
        scores = rotate(q, cos, sin) @ rotate(k, cos, sin).transpose(-1, -2) * HEAD ** -0.5 + mask
        x = x + self.attn_output((scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, width))
        h = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))


class Transformer(nn.Module):
    def __init__(self, vocabulary, width, inner, layers):
        super().__init__()
        self.token_embd = nn.Embedding(vocabulary, width)
        self.blk = nn.ModuleList(Block(width, inner) for _ in range(layers))
        self.output_norm = RMSNorm(width)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                last = name.endswith(("attn_output.weight", "ffn_down.weight"))
                nn.init.normal_(parameter, std=0.02 / (2 * layers) ** 0.5 if last else 0.02)

    def forward(self, tokens):
        """The last hidden states; logits are these times the embedding (tied)."""
        length = tokens.shape[1]
        cos, sin = rotary_table(length)
        mask = torch.full((length, length), float("-inf")).triu(1)
        x = self.token_embd(tokens)
        for block in self.blk:
            x = block(x, cos, sin, mask)
        return self.output_norm(x)
