"""What a recording says.

Graph: one input `waveform` FP32 (N, T) at the manifest's rate, output `probabilities` FP32 (N, C);
the spectrogram is in the graph.
"""

import numpy as np

from serving import audio, base64_field
from serving.artifact import Artifact
from serving.errors import ArtifactError, TooLarge
from serving.labels import Labels
from serving.limits import Limits
from serving.manifest import Manifest
from serving.tasks import require_inputs, require_outputs
from serving.types import Array, Json, JsonObject, Tensors


class AudioClassification:
    """WAV in, raw or in base64; labels with scores out."""

    media_types = audio.MEDIA_TYPES

    def __init__(self, manifest: Manifest, limits: Limits) -> None:
        require_inputs(manifest, ["FP32"])
        require_outputs(manifest, ["probabilities"])
        self._input = manifest.inputs[0].name
        self._labels = Labels(manifest.details)
        self._limits = limits
        stated = manifest.details.get("audio", {})
        self._rate = stated.get("sample_rate")
        if not isinstance(self._rate, int) or self._rate < 1:
            raise ArtifactError(f"manifest: details.audio.sample_rate is {self._rate!r}")
        self._length = round(float(stated.get("seconds", 0)) * self._rate)

    def instances(self, media_type: str, body: bytes) -> list[Json]:
        return [body]

    def decode(self, instances: list[Json]) -> Tensors:
        files = [base64_field.read(each, index, "audio") for index, each in enumerate(instances)]
        if not self._length:
            self._require_together(files)
        # Copied where it is cut, or the whole of every recording would be kept.
        waves = (audio.decode(file, self._rate, self._limits) for file in files)
        kept = [wave[: self._length].copy() if self._length else wave for wave in waves]
        return {self._input: _padded(kept, self._length)}

    def encode(self, outputs: Tensors) -> list[Json]:
        return self._labels.encode(outputs["probabilities"])

    def schema(self) -> JsonObject:
        return base64_field.schema("audio")

    def prediction_schema(self) -> JsonObject:
        return self._labels.schema()

    def _require_together(self, files: list[bytes]) -> None:
        """Raise TooLarge when all recordings, as long as the longest, are too long together."""
        longest = max(audio.seconds(file, self._limits) for file in files)
        together, most = longest * len(files), self._limits.audio_batch_seconds
        if together > most:
            raise TooLarge(
                f"the request holds {len(files)} recordings, the longest of {longest:.1f} s, which "
                f"come to {together:.1f} s, expected at most {most} s"
            )


def build(artifact: Artifact, limits: Limits) -> AudioClassification:
    """The task of one model.  Raises ArtifactError when the manifest does not fit it."""
    return AudioClassification(artifact.manifest, limits)


def _padded(waves: list[Array], length: int) -> Array:
    """Waveforms as one (N, T): T samples each when `length` says so, else as the longest has."""
    width = length or max(len(samples) for samples in waves)
    batch = np.zeros((len(waves), width), dtype=np.float32)
    for row, samples in zip(batch, waves, strict=True):
        kept = samples[:width]
        row[: len(kept)] = kept
    return batch
