"""The states of a connection as a table; what is not in it is a bug and raises."""

from enum import Enum, auto


class State(Enum):
    POSITIONING = auto()
    """Waiting for the client's `resume`, if it has one."""
    REPLAYING = auto()
    LIVE = auto()
    CLOSED = auto()


class Step(Enum):
    POSITION = auto()
    CATCH_UP = auto()
    FALL_BEHIND = auto()
    REWIND = auto()
    CLOSE = auto()


TABLE: dict[tuple[State, Step], State] = {
    (State.POSITIONING, Step.POSITION): State.REPLAYING,
    (State.POSITIONING, Step.CLOSE): State.CLOSED,
    (State.REPLAYING, Step.CATCH_UP): State.LIVE,
    (State.REPLAYING, Step.REWIND): State.REPLAYING,
    (State.REPLAYING, Step.CLOSE): State.CLOSED,
    (State.LIVE, Step.FALL_BEHIND): State.REPLAYING,
    (State.LIVE, Step.REWIND): State.REPLAYING,
    (State.LIVE, Step.CLOSE): State.CLOSED,
}


class IllegalStepError(AssertionError):
    """A step that the table does not allow: a defect of the runtime, not of a peer."""

    def __init__(self, state: State, step: Step) -> None:
        super().__init__(f"{step.name} is not possible when {state.name}")
        self.state = state
        self.step = step


def advance(state: State, step: Step) -> State:
    try:
        return TABLE[state, step]
    except KeyError:
        raise IllegalStepError(state, step) from None
