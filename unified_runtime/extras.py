"""The error for a library that the base install does not bring."""


class MissingExtraError(ImportError):
    """Names the extra to install."""


def needs_extra(what: str, extra: str, error: ModuleNotFoundError) -> MissingExtraError:
    return MissingExtraError(
        f"{what} needs {error.name!r}; install it with the `{extra}` extra", name=error.name
    )
