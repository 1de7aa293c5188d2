"""Bodies of requests and answers as marshmallow schemas."""
