"""What is said is said as it is: no emoji, no markup."""

import pytest

from consolidator.cli.common import plain, say


def test_a_place_on_line_100_is_no_emoji(capsys: pytest.CaptureFixture[str]) -> None:
    say("plan.toml:100: [red]wrong[/red]")
    assert capsys.readouterr().err == "plan.toml:100: [red]wrong[/red]\n"
    assert plain("plan.toml:100: [red]wrong") == "plan.toml:100: [red]wrong\n"
