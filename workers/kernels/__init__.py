"""The compiled kernels of the CPU engine: arrays in, arrays out."""
