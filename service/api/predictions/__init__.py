"""Predictions: bodies decoded, answers encoded, and the fast path in front of Flask."""
