"""The words of a training spec, each a record of facts: what code asks instead of comparing names. Each room that
implements them has a table by name, and a name that is not there raises KeyError."""
