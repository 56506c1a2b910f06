"""The datasets that scikit-learn brings along, in their own units and with their licences.

scikit-learn distributes them under BSD-3-Clause; the licence named here is the original
publisher's.
"""

import numpy as np
from sklearn import datasets

from training.datasets.dataset import Dataset, Feature, Source

_UCI = "https://archive.ics.uci.edu/dataset"

_WDBC_MEASURES = {
    "radius": "distance from the centre to points on the outline",
    "texture": "standard deviation of the grey values",
    "perimeter": "length of the outline",
    "area": "area inside the outline",
    "smoothness": "local variation of the radius",
    "compactness": "perimeter^2 / area - 1",
    "concavity": "severity of the concave parts of the outline",
    "concave_points": "number of concave parts of the outline",
    "symmetry": "difference of the two halves",
    "fractal_dimension": "coastline approximation - 1",
}
_WDBC_STATISTICS = {"mean": "mean", "error": "standard error", "worst": "mean of the three largest"}


def iris() -> Dataset:
    """150 flowers (N, 4) of three species."""
    data = datasets.load_iris()
    names = [name.removesuffix(" (cm)") for name in data.feature_names]
    return Dataset(
        source=Source(
            title="Iris",
            licence="CC BY 4.0 (UCI)",
            citation="R. A. Fisher, The use of multiple measurements in taxonomic problems, 1936",
            url=f"{_UCI}/53/iris",
        ),
        inputs=data.data,
        targets=data.target,
        labels=tuple(str(name) for name in data.target_names),
        features=tuple(Feature(_snake(name), "cm", f"{name} of the flower") for name in names),
    )


def breast_cancer() -> Dataset:
    """569 tumours (N, 30), malignant or benign, measured on images of cell nuclei."""
    data = datasets.load_breast_cancer()
    return Dataset(
        source=Source(
            title="Breast Cancer Wisconsin (Diagnostic)",
            licence="CC BY 4.0 (UCI)",
            citation="W. H. Wolberg, O. L. Mangasarian, W. N. Street, 1993",
            url=f"{_UCI}/17/breast+cancer+wisconsin+diagnostic",
        ),
        inputs=data.data,
        targets=data.target,
        labels=tuple(str(name) for name in data.target_names),
        features=tuple(_nucleus_feature(name) for name in data.feature_names),
    )


def diabetes() -> Dataset:
    """442 patients (N, 10) and how far their disease had progressed a year later."""
    data = datasets.load_diabetes(scaled=False)
    return Dataset(
        source=Source(
            title="Diabetes progression",
            licence="none stated by the authors; distributed by scikit-learn under BSD-3-Clause",
            citation="B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, "
            "Least Angle Regression, Annals of Statistics, 2004",
            url="https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html",
        ),
        inputs=data.data,
        targets=data.target,
        features=(
            Feature("age", "years", "age"),
            Feature("sex", "", "sex, coded 1 or 2; the source does not say which is which"),
            Feature("bmi", "kg/m^2", "body mass index"),
            Feature("bp", "mmHg", "mean blood pressure"),
            Feature("s1", "mg/dL", "total serum cholesterol"),
            Feature("s2", "mg/dL", "low-density lipoproteins"),
            Feature("s3", "mg/dL", "high-density lipoproteins"),
            Feature("s4", "", "total cholesterol / high-density lipoproteins"),
            Feature("s5", "", "possibly the logarithm of serum triglycerides"),
            Feature("s6", "mg/dL", "blood sugar"),
        ),
        target=Feature("progression", "", "measure of the disease a year later, 25 to 346"),
    )


def digits() -> Dataset:
    """1,797 handwritten digits as grey images UINT8 (N, 8, 8, 1), light ink on a dark ground.

    The source has 17 shades; they are spread over 0 to 255, as an image file holds them.
    """
    data = datasets.load_digits()
    pixels = np.rint(data.images * (255 / 16)).astype(np.uint8)
    return Dataset(
        source=Source(
            title="Optical Recognition of Handwritten Digits (test part)",
            licence="CC BY 4.0 (UCI)",
            citation="E. Alpaydin, C. Kaynak, 1998",
            url=f"{_UCI}/80/optical+recognition+of+handwritten+digits",
        ),
        inputs=pixels[..., np.newaxis],
        targets=data.target,
        labels=tuple(str(name) for name in data.target_names),
    )


def _snake(name: str) -> str:
    return name.replace(" ", "_")


def _nucleus_feature(name: str) -> Feature:
    """`mean radius`, `radius error` and `worst radius` are statistics of one measure."""
    words = str(name).split()
    statistic = next(word for word in words if word in _WDBC_STATISTICS)
    measure = "_".join(word for word in words if word != statistic)
    meaning = f"{_WDBC_STATISTICS[statistic]} over the nuclei: {_WDBC_MEASURES[measure]}"
    return Feature(_snake(str(name)), "", meaning)
