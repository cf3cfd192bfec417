"""How good a model is: figures, calibration and analysis of its mistakes."""
