"""The structure of a Parquet file, checked before anything is unpacked."""
