"""Twenty-two backends in the styles of their frameworks: healthy, broken in some 300 ways, edited harmlessly."""

from __future__ import annotations

import pytest
from backends import backends

from consolidator.plan import CRITICAL_EVENTS

BACKENDS = {backend.name: backend for backend in backends()}
NOT_SEEN = {
    "07_quart_broker": {
        # what a loop over methods does with each of them is not told apart
        "the steps are not awaited",
        "the end comes first",
    },
}
"""What the guard is known to miss. Whoever teaches it one of them takes it out here."""


@pytest.mark.parametrize("name", BACKENDS)
def test_every_event_of_a_healthy_backend_is_followed_to_its_socket(project, name):
    project.write(dict(BACKENDS[name].files))
    report = project.guard(*CRITICAL_EVENTS)
    assert {event.event: event.status for event in report.events} == dict.fromkeys(
        CRITICAL_EVENTS, "ok"
    )
    assert report.findings == ()


@pytest.mark.parametrize("name", BACKENDS)
def test_every_way_to_break_a_backend_is_seen_apart_from_those_listed(project, name):
    backend = BACKENDS[name]
    project.write(dict(backend.files)).freeze(*CRITICAL_EVENTS)
    missed = set()
    for edit in backend.breaks:
        project.write(edit.applied(backend.files))
        if not project.rules(*CRITICAL_EVENTS):
            missed.add(edit.name)
    assert missed == NOT_SEEN.get(name, set())


@pytest.mark.parametrize("name", BACKENDS)
def test_a_harmless_edit_of_a_backend_is_no_alarm(project, name):
    backend = BACKENDS[name]
    project.write(dict(backend.files)).freeze(*CRITICAL_EVENTS)
    for edit in backend.harmless:
        project.write(edit.applied(backend.files))
        assert project.rules(*CRITICAL_EVENTS) == [], edit.name
