"""How texts become what the encoder's graph takes: the same for every contestant."""

import os

import numpy as np
from tokenizers import Tokenizer

tokenizer = Tokenizer.from_file(f"{os.environ['FOLDER']}/tokenizer.json")
tokenizer.enable_padding()
tokenizer.enable_truncation(128)


def inputs(instances):
    encodings = tokenizer.encode_batch(instances)
    ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
    mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
