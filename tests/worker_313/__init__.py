"""Run by `./dev test` under Python 3.13; pytest does not collect it."""
