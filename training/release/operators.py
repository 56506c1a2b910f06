"""The operators and versions that may be served: the allow-list that `check` holds graphs against.

Allowed are the operators of the ONNX standard, but for a few, and of onnxruntime's own domain those
that its optimiser and its quantiser leave behind.  A custom operator would need somebody's library.
"""

import onnx

# What onnxruntime 1.32 loads; a test tries the last of each and the one after it.
IR_VERSIONS = range(3, 15)
OPSETS = {"": range(7, 29), "ai.onnx.ml": range(1, 6), "com.microsoft": range(1, 2)}

_RANDOM = "draws random numbers, but the same request must always get the same answer"
REFUSED = {
    "Bernoulli": _RANDOM,
    "Multinomial": _RANDOM,
    "RandomNormal": _RANDOM,
    "RandomNormalLike": _RANDOM,
    "RandomUniform": _RANDOM,
    "RandomUniformLike": _RANDOM,
    "ImageDecoder": "decodes images inside the graph, where no limit holds",
}

_MICROSOFT = """
Attention BiasGelu DequantizeLinear DynamicQuantizeLSTM DynamicQuantizeMatMul
EmbedLayerNormalization FastGelu FusedConv FusedGemm FusedMatMul GatherBlockQuantized Gelu
GroupQueryAttention MatMulInteger16 MatMulIntegerToFloat MatMulNBits MultiHeadAttention NhwcMaxPool
QAttention QEmbedLayerNormalization QGemm QLinearAdd QLinearAveragePool QLinearConcat QLinearConv
QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearSigmoid QLinearSoftmax QLinearWhere
QuantizeLinear QuickGelu RotaryEmbedding SkipLayerNormalization SkipSimplifiedLayerNormalization
TransposeMatMul Trilu
"""


def _standard(domain: str) -> frozenset[str]:
    return frozenset(s.name for s in onnx.defs.get_all_schemas() if s.domain == domain)


ALLOWED = {
    "": _standard("") - REFUSED.keys(),
    "ai.onnx.ml": _standard("ai.onnx.ml"),
    "com.microsoft": frozenset(_MICROSOFT.split()),
}


def is_known(domain: str) -> bool:
    """Whether the domain is one whose operators are allowed or refused by name."""
    return _canonical(domain) in ALLOWED


def refusal(domain: str, operator: str) -> str:
    """Why an operator may not be served; empty when it may."""
    domain = _canonical(domain)
    if domain not in ALLOWED:
        known = sorted(_shown(name) for name in ALLOWED)
        return f"is a custom one of domain {domain!r}, expected one of {known}"
    if operator in ALLOWED[domain]:
        return ""
    if domain == "" and operator in REFUSED:
        return REFUSED[operator]
    return f"is not among the allowed ones of {_shown(domain)}"


def opset_problems(domain: str, version: int) -> list[str]:
    """What is wrong with a version of a domain; domains without operators here may be any."""
    supported = OPSETS.get(_canonical(domain))
    if supported is None or version in supported:
        return []
    return [f"opset of {_shown(domain)} is {version}, expected {span(supported)}"]


def span(versions: range) -> str:
    """A range of versions in words."""
    return f"{versions.start} to {versions.stop - 1}"


def _canonical(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain


def _shown(domain: str) -> str:
    return domain or "ai.onnx"
