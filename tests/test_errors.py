"""The errors: how they are related, and the form that their messages share."""

import builtins

import pytest

import minitorch
from minitorch import errors
from minitorch.errors import MinitorchError, explain

pytestmark = pytest.mark.house("errors serve every task")

# Which built-in errors catch each error of the library.
KINDS: dict[str, tuple[type[Exception], ...]] = {
    "IndexingError": (IndexError, RuntimeError),  # the course expects a RuntimeError
    "BroadcastError": (minitorch.IndexingError, ValueError),
    "ShapeError": (ValueError,),
    "ContiguityError": (minitorch.ShapeError,),
    "DTypeError": (TypeError,),
    "ArgumentError": (ValueError,),
    "GraphError": (RuntimeError,),
    "StateError": (KeyError, ValueError),
    "DataFileError": (OSError,),
}


def test_the_table_is_complete() -> None:
    defined = {name for name, x in vars(errors).items() if isinstance(x, type) and issubclass(x, Exception)}
    assert defined == {"MinitorchError", *KINDS}


@pytest.mark.parametrize("name", KINDS)
def test_an_error_is_caught_as_what_it_is(name: str) -> None:
    error = getattr(errors, name)
    for kind in (MinitorchError, *KINDS[name]):
        with pytest.raises(kind, match=r"^the message$"):
            raise error("the message")


@pytest.mark.parametrize("name", ["MinitorchError", *KINDS])
def test_every_error_is_a_public_name_and_hides_no_builtin_one(name: str) -> None:
    assert getattr(minitorch, name) is getattr(errors, name)
    assert not hasattr(builtins, name)


def test_explain_answers_four_questions_on_four_lines() -> None:
    text = explain("The shapes differ.", got=(2, 3), expected="(2, 4)", fix="transpose one of them")
    assert text.split("\n") == [
        "The shapes differ.",
        "  got:      (2, 3)",
        "  expected: (2, 4)",
        "  fix:      transpose one of them",
    ]


@pytest.mark.parametrize("name", ["MinitorchError", *KINDS])
def test_a_message_of_several_lines_is_shown_as_it_is(name: str) -> None:
    # KeyError would show the repr of the text, on one line and between quotes.
    text = explain("It's wrong.", got=1, expected=2, fix="three")
    assert str(getattr(errors, name)(text)) == text
