"""The network of all-MiniLM-L6-v2: BERT with six layers, mean pooling, vectors of length 1."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, normalize, softmax

from serving.types import Array, JsonObject

_MASKED = -10_000.0


class Layer(nn.Module):
    """Self-attention and a dense layer, each added to what came in and normalised."""

    def __init__(self, width: int, inner: int, heads: int, epsilon: float) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.mix = nn.Linear(width, width)
        self.mix_norm = nn.LayerNorm(width, epsilon)
        self.widen = nn.Linear(width, inner)
        self.narrow = nn.Linear(inner, width)
        self.norm = nn.LayerNorm(width, epsilon)

    def forward(self, x: Tensor, masked: Tensor) -> Tensor:
        """(N, T, W) to the same; `masked` (N, 1, 1, T) is added to the scores."""
        query, key, value = (
            layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5 + masked
        seen = (softmax(scores, dim=-1) @ value).transpose(1, 2).flatten(2)
        x = self.mix_norm(x + self.mix(seen))
        return self.norm(x + self.narrow(gelu(self.widen(x))))


class SentenceEncoder(nn.Module):
    """Token numbers, which of them are real, and their types (N, T) to vectors (N, W)."""

    def __init__(self, config: JsonObject) -> None:
        super().__init__()
        width, epsilon = config["hidden_size"], config["layer_norm_eps"]
        inner, heads = config["intermediate_size"], config["num_attention_heads"]
        self.words = nn.Embedding(config["vocab_size"], width)
        self.places = nn.Embedding(config["max_position_embeddings"], width)
        self.types = nn.Embedding(config["type_vocab_size"], width)
        self.norm = nn.LayerNorm(width, epsilon)
        self.layers = nn.ModuleList(
            Layer(width, inner, heads, epsilon) for _ in range(config["num_hidden_layers"])
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Embed, encode, average over the real tokens, normalise."""
        places = self.places.weight[: input_ids.shape[1]]
        x = self.norm(self.words(input_ids) + self.types(token_type_ids) + places)
        real = attention_mask.to(x.dtype)
        masked = ((1 - real) * _MASKED)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, masked)
        weight = real.unsqueeze(-1)
        return normalize((x * weight).sum(1) / weight.sum(1).clamp(min=1e-9), dim=1)


_NAMES = {
    "words.": "embeddings.word_embeddings.",
    "places.": "embeddings.position_embeddings.",
    "types.": "embeddings.token_type_embeddings.",
    "norm.": "embeddings.LayerNorm.",
}
_LAYER_NAMES = {
    "query.": "attention.self.query.",
    "key.": "attention.self.key.",
    "value.": "attention.self.value.",
    "mix.": "attention.output.dense.",
    "mix_norm.": "attention.output.LayerNorm.",
    "widen.": "intermediate.dense.",
    "narrow.": "output.dense.",
    "norm.": "output.LayerNorm.",
}


def build(config: JsonObject, arrays: Mapping[str, Array]) -> SentenceEncoder:
    """The network with these weights, by their names in the original."""
    network = SentenceEncoder(config)
    state = {name: torch.tensor(arrays[original_name(name)]) for name in network.state_dict()}
    network.load_state_dict(state)
    return network.eval()


def original_name(name: str) -> str:
    """What the original calls a weight of ours."""
    names, before = _NAMES, ""
    if name.startswith("layers."):
        _, number, name = name.split(".", 2)
        names, before = _LAYER_NAMES, f"encoder.layer.{number}."
    ours = next(ours for ours in names if name.startswith(ours))
    return before + names[ours] + name.removeprefix(ours)
