"""How a question about iris becomes what its graph takes: the same for every contestant."""

import numpy as np


def inputs(instances):
    return {"features": np.array(instances, dtype=np.float32)}
