"""Gradient descent in theory: curvature, learning rates, forecasts."""
