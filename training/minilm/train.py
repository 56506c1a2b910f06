"""Build `minilm`: sentence embeddings, from weights that their authors trained.

Nothing is trained here: weights are fetched, rounded to eight bits, exported and held against the
original on the test part of the STS benchmark.  What ships computes in INT8; beside it ships a
variant that computes in FP32 with rounded weights, as torch does, by which parity is shown.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.export import Dim

from serving.artifact import Artifact
from serving.texts import TOKENIZER
from serving.types import Array, JsonObject, Tensors
from training import (
    artifact,
    baseline,
    beside,
    card,
    door,
    evaluate,
    parity,
    plots,
    sample_requests,
    script,
)
from training import variants as alternatives
from training.artifact import Contents, Lesson
from training.datasets import sentence_pairs
from training.datasets.sentence_pairs import Pairs
from training.door import Asked
from training.export import OPSET, Graph
from training.minilm import network, rounding, weights
from training.minilm.about import CARD
from training.minilm.weights import Original
from training.networks import ladder
from training.networks import optimise as optimising
from training.networks.ladder import Candidate
from training.parity import Parity, ParityError
from training.split import Split
from training.texts import tokens
from training.vision import pictures

HOME = Path(__file__).parent
MODEL = HOME.name
LONGEST = 128
WIDTH = 384
SHIPPED = "int8"
EXACT = "int8_weights"
ROUNDED = ("MatMul", "Gemm", "Gather")
PARITY_ROWS = 400
MEDIA_TYPE = "text/plain"
BATCH = 40
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def feed(tokenizer: Tokenizer, sentences: Sequence[str]) -> Tensors:
    """What the graph takes, INT64 (N, T) each, as the serving engine makes it."""
    encoded = tokens.encode(tokenizer, sentences, LONGEST)
    ids = tokens.padded(encoded)
    lengths = np.array([[len(row)] for row in encoded])
    mask = (np.arange(ids.shape[1]) < lengths).astype(np.int64)
    return dict(zip(INPUTS, (ids, mask, np.zeros_like(ids)), strict=True))


def in_batches(
    answer: Callable[[Tensors], Array], tokenizer: Tokenizer, sentences: Sequence[str], size: int
) -> Array:
    """The vectors (N, D), asked in batches of sentences that are about equally long."""
    order = np.argsort([len(ids) for ids in tokens.encode(tokenizer, sentences, LONGEST)])
    vectors = np.empty((len(sentences), WIDTH), np.float32)
    for rows in np.split(order, range(size, len(order), size)):
        vectors[rows] = answer(feed(tokenizer, [sentences[row] for row in rows]))
    return vectors


def by_torch(encoder: nn.Module, tokenizer: Tokenizer, sentences: Sequence[str]) -> Array:
    """The vectors (N, D) that torch computes."""

    def answer(fed: Tensors) -> Array:
        with torch.no_grad():
            return encoder(*(torch.from_numpy(fed[name]) for name in INPUTS)).numpy()

    return in_batches(answer, tokenizer, sentences, BATCH)


def by_graph(graph: bytes, tokenizer: Tokenizer, sentences: Sequence[str], batch: int) -> Array:
    """The vectors (N, D) that the graph computes, in batches of this size."""
    session = parity.session(graph)
    return in_batches(lambda fed: session.run(None, fed)[0], tokenizer, sentences, batch)


def export(encoder: nn.Module) -> onnx.ModelProto:
    """The network as a graph, of any number of sentences of any length."""
    fed = [torch.ones((2, 7), dtype=torch.int64) for _ in INPUTS]  # one tensor thrice is one input
    free = {0: Dim.DYNAMIC, 1: Dim.DYNAMIC}
    program = torch.onnx.export(
        encoder,
        tuple(fed),
        dynamo=True,
        dynamic_shapes=(free, free, free),
        opset_version=OPSET,
        input_names=list(INPUTS),
        output_names=["vectors"],
        external_data=False,
        verbose=False,
    )
    return pictures.cleaned(program.model_proto)


def finish(model: onnx.ModelProto) -> bytes:
    """The graph under the names that the task knows, which the exporter's own may collide with."""
    graph = Graph(MODEL)
    fed = [graph.input(name, "INT64", ("N", "T")) for name in INPUTS]
    (vectors,) = graph.include("bert_", pictures.cleaned(model), *fed)
    graph.add("Identity", vectors, output="embedding")
    graph.output("embedding", "FP32", ("N", WIDTH))
    return graph.finish()


def cosines(vectors: Array) -> Array:
    """How alike the first half of the vectors (2 N, D) is to the second, pair by pair (N,)."""
    first, second = np.split(vectors, 2)
    return (first * second).sum(axis=1)


def sentences_of(pairs: Pairs) -> list[str]:
    """First sentences, then second ones."""
    return [*pairs.first, *pairs.second]


def check(graph: bytes, tokenizer: Tokenizer, sentences: Sequence[str], expected: Array) -> Parity:
    """The graph's vectors, in two batch sizes, against torch's.  Raises ParityError."""
    for batch in parity.BATCH_SIZES:
        answers = by_graph(graph, tokenizer, sentences, batch)
        difference = float(np.abs(answers - expected).max())
        if not difference <= parity.TOLERANCE:
            raise ParityError(f"in batches of {batch} the graph is {difference:g} away from torch")
    return Parity(answers, difference)


def knock(folder: Path, sentences: Sequence[str], expected: Array) -> None:
    """Ask the exact variant in `folder` over HTTP for vectors (N, D).  Raises ParityError."""
    bodies = (sentence.encode() for sentence in sentences)
    answers = door.predictions(folder, bodies, MEDIA_TYPE, EXACT)
    for number, (found, row) in enumerate(zip(answers, expected, strict=True)):
        door.require_same(number, np.array(found["embedding"]), row)


def small(original: Original) -> bytes:
    """The graph whose products are of INT8."""
    full = export(network.build(original.config, original.arrays))
    return finish(optimising.int8_dynamic(full, ROUNDED, seven_bits=True))


def exact(original: Original) -> tuple[nn.Module, bytes]:
    """The network with rounded weights, and its graph, which stores them in INT8."""
    encoder = network.build(original.config, rounding.rounded(original.arrays))
    return encoder, finish(rounding.compressed(export(encoder)))


def optimise(seed: int) -> None:
    """Measure the variants against the original and record the ladder."""
    original, pairs = weights.load(), sentence_pairs.load("test")
    tokenizer, sentences = Tokenizer.from_str(original.tokenizer.decode()), sentences_of(pairs)
    tokenizer.no_padding()
    variants = {
        ladder.FULL: finish(export(network.build(original.config, original.arrays))),
        SHIPPED: small(original),
        EXACT: exact(original)[1],
    }
    candidates = []
    for name, graph in variants.items():
        vectors = by_graph(graph, tokenizer, sentences, BATCH)
        score = evaluate.similarity(cosines(vectors), pairs.scores)["spearman"]
        candidates.append(Candidate(name, graph, score, portable=name != SHIPPED))
    one, eight = feed(tokenizer, sentences[:1]), feed(tokenizer, sentences[:8])
    ladder.climb(HOME, candidates, (one, eight), "spearman", everywhere=False)


def compare(found: Mapping[str, Array], judged: Array) -> dict[str, JsonObject]:
    """The original's figures beside those of what ships, from the cosines (N,) of each."""
    rows = []
    for name, cosine in found.items():
        figure = evaluate.similarity(cosine, judged)["spearman"]
        rows.append([name, figure.value, f"{figure.low:.4f} to {figure.high:.4f}"])
    return {
        "Original": {
            "text": "Rank correlation with what people judged, on the same pairs.",
            "columns": ["weights", "spearman", "95 % interval"],
            "rows": rows,
        }
    }


def describe(
    original: Original, encoder: nn.Module, tokenizer: Tokenizer, pairs: Pairs, found: Array
) -> Contents:
    """What the artifact says beside the graph; `found` (N,) are its cosines.

    The examples ask the exact variant, whose answers are those of `encoder`.
    """
    sentences = sentences_of(pairs)
    lengths = feed(tokenizer, sentences)["attention_mask"].sum(axis=1)
    shown = [("sentence", pairs.first[0]), ("nearly_the_same", pairs.second[0])]

    def answer(texts: Sequence[str]) -> sample_requests.Answered:
        return sample_requests.embedded(by_torch(encoder, tokenizer, texts))

    pair = [text for _, text in shown]
    fed = [(name, "INT64", array) for name, array in feed(tokenizer, pair).items()]
    examples = [
        *sample_requests.texts(shown, answer),
        sample_requests.tensors(fed, answer(pair)),
    ]
    return Contents(
        task="embedding",
        details={"text": {"max_tokens": LONGEST}},
        figures=evaluate.similarity(found, pairs.scores),
        examples=[{**example, "variant": EXACT} for example in examples],
        baseline={
            "features": {
                "characters": baseline.sketch(np.array([len(text) for text in sentences])),
                "tokens": baseline.sketch(lengths),
            },
            "cosine": baseline.sketch(found),
        },
        files={TOKENIZER: original.tokenizer},
        variant=SHIPPED,
    )


def draw(path: Path, first: Array, second: Array, judged: Array) -> None:
    """Cosines over judgements, and what rounding does to them."""
    figure, (left, right) = plots.panels(2)
    left.scatter(judged, second, s=6, alpha=0.4)
    left.set(xlabel="judged, 0 to 5", ylabel="cosine", title=f"{len(judged)} held-out pairs")
    plots.against(right, second, first, "cosine")
    right.set(xlabel="cosine by the original", ylabel="cosine by INT8")
    plots.save(figure, path)


def train(seed: int, out: Path) -> Artifact:
    """Fetch, round, export, check and write; nothing is drawn, so the seed changes nothing."""
    original, pairs = weights.load(), sentence_pairs.load("test")
    tokenizer, sentences = Tokenizer.from_str(original.tokenizer.decode()), sentences_of(pairs)
    tokenizer.no_padding()
    graph, (encoder, beside_it) = small(original), exact(original)

    asked = sentences[:PARITY_ROWS]
    expected = by_torch(encoder, tokenizer, asked)
    same = check(beside_it, tokenizer, asked, expected)
    untouched = network.build(original.config, original.arrays)
    found = {
        "original, FP32": cosines(by_torch(untouched, tokenizer, sentences)),
        f"shipped, `{SHIPPED}`": cosines(by_graph(graph, tokenizer, sentences, BATCH)),
        f"to pick, `{EXACT}`": cosines(by_graph(beside_it, tokenizer, sentences, BATCH)),
    }
    before, after, _ = found.values()
    lesson = Lesson(
        source=weights.SOURCE,
        rows=Split(np.arange(0), np.arange(len(pairs))),
        drawn=f"the pairs of sentences of the {sentence_pairs.SOURCE.title}",
        framework=f"torch {torch.__version__.partition('+')[0]}",
        method="all-MiniLM-L6-v2, rounded to eight bits",
        seed=seed,
        parity=same,
        asked=Asked(PARITY_ROWS, MEDIA_TYPE),
        notes={"tables": compare(found, pairs.scores)},
    )
    contents = describe(original, encoder, tokenizer, pairs, after)
    artifact.write(out, MODEL, graph, contents, lesson)
    written = alternatives.ship(out, HOME, {EXACT: beside_it})
    knock(written.folder, asked, expected)
    draw(out / "plots" / "held_out.png", before, after, pairs.scores)
    ladder.draw(HOME, out / "plots" / "ladder.png")
    card.write(out, written.manifest, CARD, beside.tables(HOME, written.manifest))
    return written


if __name__ == "__main__":
    script.main(train, __file__)
