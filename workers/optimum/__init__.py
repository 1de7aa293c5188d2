"""The least of a convex loss, and what is known about it: solvers on arrays."""
