"""Where training data come from: one module per origin, each dataset with its source and licence.

`bundled` are scikit-learn's, there without a download.
"""
