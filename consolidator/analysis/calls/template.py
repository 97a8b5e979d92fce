"""The new form of a call as the plan writes it: `send_to_user($user_id, $message)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

from codemods.calls import Argument
from consolidator.analysis.signatures import Binding, Signature

_PARAMETER = re.compile(r"\$([^\W\d]\w*)")
_HOLE = "_parameter_"


@dataclass(frozen=True, slots=True)
class TemplateArgument:
    text: str
    """Source with `$name` for legacy parameters."""
    keyword: str = ""

    @property
    def parameters(self) -> list[str]:
        return _PARAMETER.findall(self.text)

    @property
    def alone(self) -> str:
        """The parameter, where the argument is nothing else."""
        found = _PARAMETER.fullmatch(self.text)
        return found.group(1) if found else ""


@dataclass(frozen=True, slots=True)
class Template:
    callee: str
    """New name; empty where the callee keeps its own."""
    arguments: tuple[TemplateArgument, ...]


class TemplateError(ValueError):
    """A call form that is no call, or names what the legacy signature lacks."""


def parse_template(text: str) -> Template:
    """Raises `TemplateError` for anything but one call with plain arguments."""
    source = _PARAMETER.sub(lambda found: _HOLE + found.group(1), text)
    if source.startswith("("):
        source = f"_{source}"
    try:
        call = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise TemplateError(f"{text!r} is not a call") from error
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise TemplateError(f"{text!r} is not a call of a plain name")
    arguments = [TemplateArgument(_shown(source, argument)) for argument in call.args]
    for keyword in call.keywords:
        if keyword.arg is None:
            raise TemplateError(f"{text!r} passes ** arguments")
        arguments.append(TemplateArgument(_shown(source, keyword.value), keyword.arg))
    callee = "" if call.func.id == "_" else call.func.id
    return Template(callee, tuple(arguments))


def _shown(source: str, node: ast.expr) -> str:
    return (ast.get_source_segment(source, node) or "").replace(_HOLE, "$")


def fill(template: Template, signature: Signature, binding: Binding) -> tuple[Argument, ...] | str:
    """The new arguments, or why they can't be written.

    A keyword whose parameter was not passed is left out; elsewhere the legacy default stands in if it
    is a literal.
    """
    filled: list[Argument] = []
    for argument in template.arguments:
        unpassed = [name for name in argument.parameters if name not in binding.arguments]
        for name in unpassed:
            if signature.named(name) is None:
                return f"the plan's form uses ${name}, which {signature} does not have"
        if argument.alone and argument.keyword and unpassed:
            continue
        defaults = {name: _literal_default(signature, name) for name in unpassed}
        missing = [name for name, default in defaults.items() if default is None]
        if missing:
            return f"${missing[0]} is not passed and its default is no literal"
        filled.append(_filled(argument, binding.arguments, defaults))
    return tuple(filled)


def _filled(
    argument: TemplateArgument, passed: Mapping[str, int], defaults: Mapping[str, str | None]
) -> Argument:
    if argument.alone and argument.alone in passed:
        return Argument(passed[argument.alone], argument.keyword)

    def written(found: re.Match[str]) -> str:
        name = found.group(1)
        return f"${passed[name]}" if name in passed else defaults[name] or ""

    return Argument(_PARAMETER.sub(written, argument.text), argument.keyword)


def _literal_default(signature: Signature, name: str) -> str | None:
    parameter = signature.named(name)
    if parameter is None or parameter.default is None:
        return None
    try:
        ast.literal_eval(parameter.default)
    except (ValueError, SyntaxError):
        return None
    return parameter.default
