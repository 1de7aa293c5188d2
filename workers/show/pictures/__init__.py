"""The pictures of a version, one in each module: `EXHIBIT` says what it is and draws it."""
