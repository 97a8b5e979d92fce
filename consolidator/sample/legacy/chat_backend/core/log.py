"""One place that knows how this service logs."""

import logging


def get_logger(name: str) -> logging.Logger:
    return logging.getLogger(f"ferry.{name}")
