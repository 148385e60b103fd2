"""Runs a machine: so many runs of so many steps from a seed, in the transaction of a test."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

STEPS = 40


def drive(
    machine: type[RuleBasedStateMachine], *, start: int, runs: int, steps: int = STEPS, shrink: bool = True
) -> None:
    """The same every time, with nothing remembered from other runs. Raises what the machine found."""
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    run_state_machine_as_test(
        seed(start)(type(machine.__name__, (machine,), {})),
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            database=None,
            deadline=None,
            phases=phases,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.normal,
        ),
    )
