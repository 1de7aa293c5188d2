"""The report of a version as records: the workers make them, the API describes them, JSON is written from them."""
