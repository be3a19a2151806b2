"""The oracles of task 0.2, properties of the operators."""

from typing import Any


def no_complaints(**inputs: Any) -> Any:
    """What is right is not accused of anything."""
    return {"accuses right operators at": []}


def impostor_found(**inputs: Any) -> Any:
    """A mistake shows for some of the numbers."""
    return {"finds the impostor out": True}


def any_found(**inputs: Any) -> Any:
    """A property that says anything at all shows one mistake of many."""
    return {"finds one of the impostors out": True}
