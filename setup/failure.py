"""The one error of the set-up: a sentence for the person who ran it."""


class SetupFailure(Exception):
    """Says what went wrong and how to go on; printed without a traceback."""
