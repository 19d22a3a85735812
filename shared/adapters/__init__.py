"""One SDK per file, each behind a port of `shared.ports`."""
