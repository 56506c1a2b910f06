"""What the forecasting models share: windows, scores, quantiles, plots."""
