from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given, settings
from hypothesis import strategies as st

from django_hardened.env import Env, EnvError, InvalidVariable, MalformedFile, MissingVariable

quick = settings(deadline=None, database=None, max_examples=60)

NAMES = st.from_regex(r"[A-Z][A-Z_]{0,8}", fullmatch=True)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=20)


def problem(call: Callable[[], Any]) -> str:
    """The message of the InvalidVariable that ``call`` raises."""
    with pytest.raises(InvalidVariable) as caught:
        call()
    return str(caught.value)


@pytest.fixture
def dotenv(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / ".env"
        path.write_text(text)
        return path

    return write


# -- Where values come from ----------------------------------------------------------------------


def test_values_come_from_the_file(dotenv: Callable[[str], Path]) -> None:
    env = Env.from_file(dotenv("A=1\nexport B='two'\n"), {})
    assert (env.int("A"), env.str("B")) == (1, "two")


def test_the_path_may_be_a_string(dotenv: Callable[[str], Path]) -> None:
    assert Env.from_file(str(dotenv("A=1")), {}).str("A") == "1"


def test_the_process_environment_wins(dotenv: Callable[[str], Path]) -> None:
    env = Env.from_file(dotenv("A=file\nB=file"), {"A": "process"})
    assert (env.str("A"), env.str("B")) == ("process", "file")


def test_an_empty_variable_of_the_process_wins_too(dotenv: Callable[[str], Path]) -> None:
    env = Env.from_file(dotenv("A=file"), {"A": ""})
    assert env.str("A", default="default") == ""
    assert problem(lambda: env.str("A")) == "environment: A is empty"


def test_by_default_it_is_the_environment_of_the_process(
    dotenv: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARDENED_TEST_VARIABLE", "process")
    path = dotenv("HARDENED_TEST_VARIABLE=file\nOTHER=file")
    assert Env().str("HARDENED_TEST_VARIABLE") == "process"
    assert Env.from_file(path).str("HARDENED_TEST_VARIABLE") == "process"
    assert Env.from_file(path).str("OTHER") == "file"


def test_nothing_is_written_to_any_environment(dotenv: Callable[[str], Path]) -> None:
    before = dict(os.environ)
    process = {"B": "process"}
    env = Env.from_file(dotenv("A=file\nB=file"), process)
    env.str("A")
    env.str("MISSING", default="x")
    assert dict(os.environ) == before
    assert process == {"B": "process"}
    assert environ.Env.ENVIRON is os.environ
    assert Env.ENVIRON is os.environ


def test_two_environments_share_nothing() -> None:
    first, second = Env({"A": "1"}), Env({"B": "2"})
    first.str("A")
    assert "B" not in first
    assert len(second.sources) == 0


def test_the_environment_is_taken_as_it_was() -> None:
    process = {"A": "1"}
    env = Env(process)
    process["A"] = "2"
    assert env.str("A") == "1"


class Lowercase(Mapping[str, str]):
    """A mapping that is no dict."""

    def __getitem__(self, name: str) -> str:
        if name not in ("A", "B"):
            raise KeyError(name)
        return name.lower()

    def __iter__(self) -> Iterator[str]:
        return iter("AB")

    def __len__(self) -> int:
        return 2


@pytest.mark.parametrize("mapping", [Lowercase(), MappingProxyType({"A": "a", "B": "b"})])
def test_any_mapping_will_do(mapping: Mapping[str, str], dotenv: Callable[[str], Path]) -> None:
    assert Env(mapping).str("A") == "a"
    assert Env.from_file(dotenv("A=file"), mapping).list("B") == ["b"]


def test_a_missing_file_leaves_the_environment(tmp_path: Path) -> None:
    env = Env.from_file(tmp_path / "missing" / ".env", {"A": "1"})
    assert env.str("A") == "1"
    assert env.file_problems == ()


def test_the_file_is_never_searched_for(
    dotenv: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    below = dotenv("A=above").parent / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    assert "A" not in Env.from_file(".env", {})
    assert "A" not in Env.from_file(below / ".env", {})


def test_a_variable_is_there_by_its_name_or_its_file() -> None:
    env = Env({"A": "1", "B_FILE": "/run/secrets/b"})
    assert ("A" in env, "B" in env, "C" in env, 1 in env) == (True, True, False, False)


def test_a_file_that_names_nothing_is_not_there() -> None:
    env = Env({"A_FILE": ""})
    with pytest.raises(MissingVariable, match=r"^A is not set: set it in the environment$"):
        env.str("A")
    assert "A" not in env


@quick
@given(name=NAMES, value=TEXT.map("${}".format))
def test_a_value_that_starts_with_a_dollar_sign_is_itself(name: str, value: str) -> None:
    env = Env({name: value, value.removeprefix("$"): "another value"} | {name: value})
    assert env.str(name) == env(name) == env.get_value(name, default="x") == value


@quick
@given(name=NAMES, value=TEXT)
def test_text_is_itself(name: str, value: str) -> None:
    assert Env({name: value}).str(name) == value


# -- A file that is wrong ------------------------------------------------------------------------


def test_a_bad_line_fails_the_first_read_and_not_the_load(dotenv: Callable[[str], Path]) -> None:
    path = dotenv("A=1\nbad line\nA=2\n")
    env = Env.from_file(path, {"B": "2"})
    with pytest.raises(MalformedFile) as caught:
        env.str("B")
    assert str(caught.value) == (
        f"{path}:2: is not NAME=value (no spaces around the name) or a # comment\n"
        f"{path}:3: A is set a second time (first on line 1)"
    )


@pytest.mark.parametrize("method", ["str", "bool", "int", "list", "db_url", "path", "bytes", "url"])
def test_no_method_reads_past_a_bad_file(dotenv: Callable[[str], Path], method: str) -> None:
    env = Env.from_file(dotenv("bad line"), {"A": "1"})
    with pytest.raises(MalformedFile):
        getattr(env, method)("A", default=None)


def test_a_file_that_cannot_be_read_fails_the_first_read(tmp_path: Path) -> None:
    with pytest.raises(MalformedFile, match=r": cannot be read \(Is a directory\)$"):
        Env.from_file(tmp_path, {"A": "1"}).str("A")


def test_collecting_begins_with_the_problems_of_the_file(dotenv: Callable[[str], Path]) -> None:
    env = Env.from_file(dotenv("A=1\nbad"), {})
    with env.collecting() as problems:
        assert problems == list(env.file_problems)
        assert len(problems) == 1
        assert env.str("A") == "1"
    with pytest.raises(MalformedFile):
        env.str("A")


def test_collecting_ends_with_an_error_too(dotenv: Callable[[str], Path]) -> None:
    env = Env.from_file(dotenv("bad"), {"A": "x"})
    with pytest.raises(InvalidVariable), env.collecting():
        env.int("A")
    with pytest.raises(MalformedFile):
        env.str("A")


# -- Required, empty, default --------------------------------------------------------------------


def test_a_missing_variable_says_where_to_set_it(tmp_path: Path) -> None:
    with pytest.raises(MissingVariable) as caught:
        Env({}).str("A")
    assert str(caught.value) == "A is not set: set it in the environment"
    with pytest.raises(MissingVariable) as caught:
        Env.from_file(tmp_path / ".env", {}).int("A")
    assert str(caught.value) == f"A is not set: set it in the environment or in {tmp_path}/.env"


READERS = (
    "str bytes bool int float json list tuple dict url path db_url cache_url email_url".split()
)


@pytest.mark.parametrize("method", READERS)
def test_an_empty_required_value_is_an_error(method: str) -> None:
    env = Env({"A": ""})
    assert problem(lambda: getattr(env, method)("A")) == "environment: A is empty"


@pytest.mark.parametrize("method", "bool int float json list dict db_url cache_url".split())
def test_a_blank_required_value_is_an_error(method: str) -> None:
    env = Env({"A": " \t"})
    assert problem(lambda: getattr(env, method)("A"))


@pytest.mark.parametrize("method", READERS)
def test_a_missing_required_value_is_an_error(method: str) -> None:
    with pytest.raises(MissingVariable):
        getattr(Env({}), method)("A")


@pytest.mark.parametrize(
    ("method", "default"), [("bool", False), ("int", 5), ("float", 0.5), ("json", {})]
)
def test_an_empty_value_is_not_taken_for_the_default(method: str, default: object) -> None:
    env = Env({"A": ""})
    assert problem(lambda: getattr(env, method)("A", default=default)) == "environment: A is empty"


@pytest.mark.parametrize("method", ["str", "bool", "int", "db_url", "cache_url", "email_url"])
@pytest.mark.parametrize("mapping", [{}, {"A": ""}])
def test_nothing_and_no_default_is_none(method: str, mapping: dict[str, str]) -> None:
    assert getattr(Env(mapping), method)("A", default=None) is None


@pytest.mark.parametrize(
    ("method", "default"),
    [("str", "x"), ("bool", True), ("int", 0), ("float", 1.5), ("json", [1]), ("list", ["a"])],
)
def test_a_default_is_returned_as_it_is(method: str, default: object) -> None:
    assert getattr(Env({}), method)("A", default=default) is default


def test_an_optional_text_may_be_empty() -> None:
    assert Env({"A": ""}).str("A", default="x") == ""


# -- Strict casts --------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["true", "on", "ok", "y", "yes", "1", "True", "YES", " on "])
def test_words_for_true(word: str) -> None:
    assert Env({"A": word}).bool("A") is True


@pytest.mark.parametrize("word", ["false", "off", "n", "no", "0", "False", "NO", " off "])
def test_words_for_false(word: str) -> None:
    assert Env({"A": word}).bool("A") is False


@pytest.mark.parametrize(
    "word", ["enabled", "disabled", "2", "-1", "10", "ture", "nope", "none", "t", "$TRUE"]
)
def test_an_unknown_word_is_an_error(word: str) -> None:
    env = Env({"A": word})
    reason = "environment: A is not a boolean: write true or false"
    assert problem(lambda: env.bool("A")) == reason
    assert problem(lambda: env("A", default=False)) == reason
    assert problem(lambda: env("A", cast=bool)) == reason


@pytest.mark.parametrize("value", ["abc", "1.5", "1e3", "0x10", "1 2", "12 EUR", "9" * 5000])
def test_a_bad_int_is_an_error(value: str) -> None:
    reason = "environment: A is not a whole number"
    assert problem(lambda: Env({"A": value}).int("A")) == reason
    assert problem(lambda: Env({"A": value})("A", default=5)) == reason


@quick
@given(st.integers())
def test_an_int_is_itself(number: int) -> None:
    assert Env({"A": str(number)}).int("A") == number


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1.2.3", "is not a number"),
        ("12 EUR", "is not a number"),
        ("1,5", "is not a number"),
        ("nan", "is not a finite number"),
        ("-inf", "is not a finite number"),
    ],
)
def test_a_bad_float_is_an_error(value: str, reason: str) -> None:
    assert problem(lambda: Env({"A": value}).float("A")) == f"environment: A {reason}"


def test_a_good_float_and_good_json() -> None:
    env = Env({"A": "-1.5e3", "B": '{"a": [1, null]}'})
    assert env.float("A") == -1500.0
    assert env.json("B") == {"a": [1, None]}


def test_bad_json_is_an_error() -> None:
    assert problem(lambda: Env({"A": "{'a': 1}"}).json("A")) == "environment: A is not valid JSON"


@pytest.mark.parametrize(
    ("value", "items"),
    [("a", ["a"]), ("a,b", ["a", "b"]), (" a ,\tb ", ["a", "b"]), ("a b,c=d", ["a b", "c=d"])],
)
def test_list_items_are_trimmed(value: str, items: list[str]) -> None:
    env = Env({"A": value})
    assert env.list("A") == items
    assert env.tuple("A") == tuple(items)
    assert env("A", default=[]) == items


@pytest.mark.parametrize("value", ["(a,b", "a,b)", "(a,b)", "(a),(b)"])
def test_parentheses_belong_to_the_items_of_a_list(value: str) -> None:
    # Django's own keys are made of characters among which are both parentheses.
    assert Env({"A": value}).list("A") == value.split(",")


@pytest.mark.parametrize(("value", "items"), [("(1, 2)", (1, 2)), ("1,2", (1, 2)), ("()", ())])
def test_a_tuple_may_have_parentheses(value: str, items: tuple[int, ...]) -> None:
    assert Env({"A": value}).tuple("A", cast=int) == items


@pytest.mark.parametrize("value", ["a,,b", "a,", ",a", ","])
def test_a_blank_item_is_an_error(value: str) -> None:
    assert problem(lambda: Env({"A": value}).list("A")) == (
        "environment: A has a blank item (two commas in a row, or one at an end)"
    )


def test_items_are_cast_strictly() -> None:
    env = Env({"A": "1, 2", "B": "yes,no", "C": "1,two", "D": "yes,maybe"})
    assert env.list("A", cast=int) == [1, 2]
    assert env.list("B", cast=bool) == [True, False]
    assert env.tuple("B", cast=bool) == (True, False)
    assert problem(lambda: env.list("C", cast=int)) == "environment: C cannot be read as list"
    assert problem(lambda: env.list("D", cast=bool)) == (
        "environment: D is not a boolean: write true or false"
    )


def test_a_dict_is_trimmed_and_strict() -> None:
    env = Env({"A": "a=1, b = x=y", "B": "a", "C": "a=1,a=2"})
    assert env.dict("A") == {"a": "1", "b": "x=y"}
    assert problem(lambda: env.dict("B")) == "environment: B has an item that is not key=value"
    assert problem(lambda: env.dict("C")) == "environment: C has a key twice"


def test_a_dict_of_casts_works_as_in_django_environ() -> None:
    env = Env({"A": "a=1;b=yes"})
    assert env.dict("A", cast={"value": int, "cast": {"b": bool}}) == {"a": 1, "b": True}


def test_a_dict_of_casts_loses_nothing() -> None:
    env = Env({"A": "a=x=y", "B": "a=1;a=2", "C": "a=1; b=2"})
    assert env.dict("A", cast={"value": str}) == {"a": "x=y"}
    assert problem(lambda: env.dict("B", cast={"value": int}))
    assert env.dict("C", cast={"value": int}) == {"a": 1, "b": 2}


def test_choices_are_named_and_the_value_is_not() -> None:
    env = Env({"A": "s3cr3t", "B": "red"})
    assert env.str("B", choices=("red", "green")) == "red"
    assert problem(lambda: env.str("A", choices=("red", "green"))) == (
        "environment: A is not one of 'red', 'green'"
    )


def test_a_message_names_the_line_of_the_file(dotenv: Callable[[str], Path]) -> None:
    path = dotenv("\nA=many\n")
    message = problem(lambda: Env.from_file(path, {}).int("A"))
    assert message == f"{path}:2: A is not a whole number"


def test_an_error_of_a_cast_that_is_ours_already_stays() -> None:
    inner = InvalidVariable("environment: B is empty")

    def cast(value: str) -> None:
        raise inner

    with pytest.raises(InvalidVariable) as caught:
        Env({"A": "1"})("A", cast=cast)
    assert caught.value is inner


def test_the_errors_have_one_base() -> None:
    assert issubclass(EnvError, ImproperlyConfigured)
    assert {e.__base__ for e in (MissingVariable, InvalidVariable, MalformedFile)} == {EnvError}


# -- Secret files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"key", "key"),
        (b"key\n", "key"),
        (b"key\r\n", "key"),
        (b"key\n\n", "key\n"),
        (b"key\r\n\r\n", "key\r\n"),
        (b"two\nlines\n", "two\nlines"),
        (b" key ", " key "),
        (b"$key", "$key"),
        ("clé\n".encode(), "clé"),
    ],
)
def test_a_secret_file_is_read_without_its_final_newline(
    tmp_path: Path, content: bytes, value: str
) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    assert Env({"KEY_FILE": str(path)}).str("KEY") == value


def test_a_carriage_return_without_a_newline_is_part_of_the_secret(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"key\r")
    assert Env({"KEY_FILE": str(path)}).str("KEY") == "key\r"


def test_a_secret_file_can_be_named_in_the_file(
    dotenv: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("8\n")
    env = Env.from_file(dotenv(f"KEY_FILE={tmp_path}/key"), {})
    assert env.int("KEY") == 8


def test_a_secret_file_of_the_process_wins_over_a_value_in_the_file(
    dotenv: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("process")
    env = Env.from_file(dotenv("KEY=file"), {"KEY_FILE": f"{tmp_path}/key"})
    assert env.str("KEY") == "process"


def test_a_value_of_the_process_wins_over_a_secret_file_in_the_file(
    dotenv: Callable[[str], Path],
) -> None:
    env = Env.from_file(dotenv("KEY_FILE=/nowhere/key"), {"KEY": "process"})
    assert env.str("KEY") == "process"


def test_a_bad_value_of_a_secret_file_is_not_blamed_on_a_line_that_is_overruled(
    dotenv: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("many")
    path = dotenv("KEY=5")
    env = Env.from_file(path, {"KEY_FILE": f"{tmp_path}/key"})
    message = problem(lambda: env.int("KEY"))
    assert message.endswith(": KEY is not a whole number")
    assert f"{path}:1" not in message


def test_a_value_and_a_secret_file_in_one_place_are_an_error(
    dotenv: Callable[[str], Path],
) -> None:
    reason = "KEY is set twice: directly and through KEY_FILE"
    env = Env({"KEY": "a", "KEY_FILE": "/run/secrets/key"})
    assert problem(lambda: env.str("KEY")) == f"environment: {reason}"
    path = dotenv("KEY=a\nKEY_FILE=/run/secrets/key")
    assert problem(lambda: Env.from_file(path, {}).str("KEY")) == f"{path}:1: {reason}"


def test_an_empty_secret_file_is_an_empty_value(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n")
    env = Env({"KEY_FILE": f"{tmp_path}/key"})
    assert problem(lambda: env.str("KEY")).endswith(": KEY is empty")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "cannot be read (No such file or directory)"),
        (Path.mkdir, "cannot be read (Is a directory)"),
        (lambda path: path.write_bytes(b"s3cr3t\xff"), "is not UTF-8 text"),
    ],
)
def test_a_secret_file_that_cannot_be_read_is_an_error_even_with_a_default(
    tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    path = tmp_path / "key"
    make(path)
    env = Env({"KEY_FILE": str(path)})
    message = f"environment: KEY_FILE names {path}, which {reason}"
    assert problem(lambda: env.str("KEY")) == message
    assert problem(lambda: env.str("KEY", default="x")) == message


def test_a_secret_file_that_no_system_could_have_is_an_error() -> None:
    assert problem(lambda: Env({"KEY_FILE": "a\0b"}).str("KEY"))


# -- No message, repr or traceback holds a value -------------------------------------------------

SECRET = "s3cr3t" + "Zq9x"


def explode(value: str) -> None:
    raise RuntimeError(f"cannot use {value}") from ValueError(value)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def everything_shown(error: BaseException) -> str:
    shown = "".join(traceback.format_exception(error))
    # Error trackers print what a chain suppresses, and exceptions by their repr.
    return shown + "".join(f"{link!r} {link} {link.args}" for link in chain(error))


LEAKS: dict[str, tuple[str, Callable[[Env], object]]] = {
    "bool": ("{}", lambda env: env.bool("A")),
    "bool by default": ("{}", lambda env: env("A", default=True)),
    "int": ("{}", lambda env: env.int("A")),
    "float": ("{}", lambda env: env.float("A")),
    "json": ('{{"key": {}}}', lambda env: env.json("A")),
    "blank item": ("{},,", lambda env: env.list("A")),
    "item": ("1,{}", lambda env: env.list("A", cast=int)),
    "tuple item": ("(1,{})", lambda env: env.tuple("A", cast=bool)),
    "dict": ("{}", lambda env: env.dict("A")),
    "dict twice": ("{0}=1,{0}=2", lambda env: env.dict("A")),
    "dict of casts": ("a={}", lambda env: env.dict("A", cast={"value": int})),
    "no dict of casts": ("{}", lambda env: env.dict("A", cast={"value": int})),
    "url": ("http://[{}/", lambda env: env.url("A")),
    "url confusable": ("http://u:{}@ex℀mple.com/", lambda env: env.url("A")),
    "db scheme": ("{}://u@h/db", lambda env: env.db_url("A")),
    "db no scheme": ("{}", lambda env: env.db("A")),
    "db port": ("postgres://u:p@h:{}/db", lambda env: env.db_url("A")),
    "db brackets": ("postgres://u:{}@[h/db", lambda env: env.db_url("A")),
    "db confusable": ("postgres://u:{}@ex℀mple.com/db", lambda env: env.db_url("A")),
    "db sqlite host": ("sqlite://{}/db", lambda env: env.db_url("A")),
    "cache scheme": ("{}://h", lambda env: env.cache_url("A")),
    "cache brackets": ("redis://:{}@[h/0", lambda env: env.cache("A")),
    "email scheme": ("{}://h", lambda env: env.email_url("A")),
    "email port": ("smtp://u:p@h:{}", lambda env: env.email("A")),
    "search scheme": ("{}://h", lambda env: env.search_url("A")),
    "channels scheme": ("{}://h", lambda env: env.channels_url("A")),
    "choices": ("{}", lambda env: env.str("A", choices=("a", "b"))),
    "cast": ("{}", lambda env: env("A", cast=explode)),
    "cast of items": ("{}", lambda env: env.list("A", cast=explode)),
    "decimal": ("{}", lambda env: env("A", cast=Decimal)),
    "fraction": ("{}", lambda env: env.get_value("A", cast=Fraction)),
    "bytes": ("{}é", lambda env: env.bytes("A", encoding="ascii")),
    "path": ("/nowhere/{}", lambda env: env.path("A", required=True)),
}


@pytest.mark.parametrize("kind", sorted(LEAKS))
@settings(quick, max_examples=5)
@given(salt=st.from_regex(r"[A-Za-z0-9]{0,5}", fullmatch=True))
def test_a_value_is_refused_without_showing_it(kind: str, salt: str) -> None:
    text, use = LEAKS[kind]
    env = Env({"A": text.format(f"{SECRET}{salt}")})
    with pytest.raises(InvalidVariable) as caught:
        use(env)
    assert str(caught.value).startswith("environment: A ")
    assert SECRET.lower() not in everything_shown(caught.value).lower()
    assert SECRET.lower() not in f"{env!r} {env} {env.sources!r} {env.sources}".lower()


def test_a_secret_file_that_is_not_text_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(f"{SECRET}\xff".encode("latin-1"))
    with pytest.raises(InvalidVariable) as caught:
        Env({"KEY_FILE": str(path)}).str("KEY")
    assert SECRET not in everything_shown(caught.value)


def test_a_file_that_is_malformed_is_not_shown(dotenv: Callable[[str], Path]) -> None:
    path = dotenv(f"A={SECRET}\nA={SECRET}\n{SECRET}\nB='{SECRET}\nC={SECRET} # {SECRET}\n")
    with pytest.raises(MalformedFile) as caught:
        Env.from_file(path, {}).str("A")
    assert len(str(caught.value).splitlines()) == 4
    assert SECRET not in everything_shown(caught.value)


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_an_env_shows_where_it_reads_and_how_much(
    dotenv: Callable[[str], Path], show: Callable[[object], str]
) -> None:
    path = dotenv(f"A={SECRET}")
    assert show(Env.from_file(path, {"B": SECRET})) == f"<Env '{path}': 2 variables>"
    assert show(Env({"B": SECRET})) == "<Env: 1 variables>"


def test_a_subclass_shows_its_own_name() -> None:
    class ProjectEnv(Env):
        pass

    assert repr(ProjectEnv.from_file("/nowhere/.env", {})) == (
        "<ProjectEnv '/nowhere/.env': 0 variables>"
    )


# -- What django-environ does and this does too --------------------------------------------------


def test_a_scheme_gives_cast_and_default() -> None:
    env = Env({"DEBUG": "on"}, DEBUG=(bool, False), PORT=(int, 8000), NAME=str, TAGS=[int])
    assert env("DEBUG") is True
    assert env("PORT") == 8000
    with pytest.raises(MissingVariable):
        env("NAME")
    with pytest.raises(MissingVariable):
        env("TAGS")


def test_a_scheme_casts_what_is_set_and_refuses_what_it_cannot() -> None:
    env = Env(
        {"DEBUG": "maybe", "TAGS": "1,2", "ONE": "7"}, DEBUG=(bool, False), TAGS=[int], ONE=int
    )
    assert (env("TAGS"), env("ONE")) == ([1, 2], 7)
    assert (
        problem(lambda: env("DEBUG")) == "environment: DEBUG is not a boolean: write true or false"
    )


def test_an_argument_wins_over_the_scheme() -> None:
    env = Env({"A": "1"}, A=(int, 5), B=(int, 5))
    assert env("A", cast=str) == "1"
    assert env("B", default=6) == 6


def test_a_scheme_may_speak_of_a_variable_named_environ(dotenv: Callable[[str], Path]) -> None:
    assert Env({}, environ=(int, 3))("environ") == 3
    assert Env.from_file(dotenv("A=1"), {}, A=(int, 3))("A") == 1


def test_a_prefix_is_put_before_each_name() -> None:
    env = Env({"DJANGO_A": "1", "A": "2"}, DJANGO_B=(int, 3))
    env.prefix = "DJANGO_"
    assert env.int("A") == 1
    assert env("B") == 3
    assert set(env.sources) == {"DJANGO_A", "DJANGO_B"}
    with pytest.raises(MissingVariable, match=r"^DJANGO_C is not set"):
        env("C")


def test_messages_name_a_variable_with_its_prefix() -> None:
    env = Env({"DJANGO_A": "x", "DJANGO_B": "x"})
    env.prefix = "DJANGO_"
    assert (
        problem(lambda: env.str("A", choices=("y",))) == "environment: DJANGO_A is not one of 'y'"
    )
    assert problem(lambda: env.db_url("B")).startswith(
        "environment: DJANGO_B has an unknown scheme"
    )


def test_the_type_of_the_default_is_the_cast() -> None:
    env = Env({"A": "1", "B": "yes", "C": "a,b", "D": "1.5", "E": "a=b", "F": "5"})
    assert env("A", default=0) == 1
    assert env("B", default=False) is True
    assert env("C", default=["x"]) == ["a", "b"]
    assert env("D", default=1.0) == 1.5
    assert env("E", default={}) == {"a": "b"}
    assert env("F", default=None) == "5"
    assert env("F", default="0") == "5"


def test_smart_cast_can_be_turned_off() -> None:
    env = Env({"A": "1"})
    env.smart_cast = False
    assert env("A", default=0) == "1"


def test_bytes() -> None:
    env = Env({"A": "clé"})
    assert env.bytes("A") == "clé".encode()
    assert env.bytes("A", encoding="latin-1") == b"cl\xe9"
    assert env.bytes("B", default=b"x") == b"x"


def test_path(tmp_path: Path) -> None:
    env = Env({"A": str(tmp_path)})
    assert env.path("A") == environ.Path(str(tmp_path))
    assert str(env.path("A", required=True)("below")) == f"{tmp_path}/below"
    assert env.path("B", default="/var/x") == environ.Path("/var/x")


def test_multiline() -> None:
    env = Env({"A": r"one\ntwo\r\nthree\tfour"})
    assert env.str("A", multiline=True) == "one\ntwo\nthree\\tfour"
    assert env.str("A") == r"one\ntwo\r\nthree\tfour"


def test_a_default_is_parsed_on_request() -> None:
    env = Env({})
    assert env("A", cast=int, default="5", parse_default=True) == 5
    assert env("A", cast=int, default="5") == "5"
    assert env("A", cast=bool, default="yes", parse_default=True) is True
    assert env("A", cast=int, default=None, parse_default=True) is None


def test_a_default_that_needs_no_parsing_stays_on_request() -> None:
    assert Env({})("A", cast=bool, default=True, parse_default=True) is True


def test_url() -> None:
    env = Env({"A": "https://u:p@example.com:8443/x?y=z"})
    assert (env.url("A").hostname, env.url("A").port, env.url("A").path) == (
        "example.com",
        8443,
        "/x",
    )
    assert env.url("B", default="http://h/").netloc == "h"


POSTGRES = "django.db.backends.postgresql"
SQLITE = "django.db.backends.sqlite3"


def test_db_url() -> None:
    env = Env({"DATABASE_URL": "postgres://u%40x:p%23@h:5433/db?conn_max_age=60&sslmode=prefer"})
    config = {
        "ENGINE": POSTGRES,
        "NAME": "db",
        "USER": "u@x",
        "PASSWORD": "p#",
        "HOST": "h",
        "PORT": 5433,
        "CONN_MAX_AGE": 60,
        "OPTIONS": {"sslmode": "prefer"},
    }
    assert env.db_url() == env.db() == env.db("DATABASE_URL") == config


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///db.sqlite3", "db.sqlite3"),
        ("sqlite:////srv/db.sqlite3", "/srv/db.sqlite3"),
        ("sqlite://", ":memory:"),
        ("sqlite://:memory:", ":memory:"),
    ],
)
def test_sqlite_urls(url: str, name: str) -> None:
    config = Env({"A": url}).db_url("A")
    assert (config["ENGINE"], config["NAME"]) == (SQLITE, name)


@pytest.mark.parametrize("url", ["sqlite://db.sqlite3", "sqlite://srv/db.sqlite3", "sqlite://a@/b"])
def test_an_sqlite_url_with_a_slash_too_few_is_an_error(url: str) -> None:
    assert problem(lambda: Env({"A": url}).db_url("A")) == (
        "environment: A needs sqlite:///relative/path or sqlite:////absolute/path"
    )


def test_engine_and_backend_can_be_given() -> None:
    env = Env({"DB": "acme://h/db", "CACHE": "redis://h:6379/0", "MAIL": "acme://h:25"})
    assert env.db_url("DB", engine="acme.backend")["ENGINE"] == "acme.backend"
    assert env.cache_url("CACHE", backend="acme.Cache")["BACKEND"] == "acme.Cache"
    assert env.email_url("MAIL", backend="acme.Mail")["EMAIL_BACKEND"] == "acme.Mail"


def test_an_unknown_scheme_is_an_error_that_names_the_known_ones() -> None:
    env = Env({"A": "postgresq://h/db"})
    message = problem(lambda: env.db_url("A"))
    assert message.startswith("environment: A has an unknown scheme; known are cockroachdb, ")
    assert " postgres, postgresql, " in message
    assert " redis, " in problem(lambda: env.cache_url("A"))
    assert " smtp, " in problem(lambda: env.email_url("A"))


@pytest.mark.parametrize("method", ["db_url", "cache_url", "email_url"])
def test_a_url_of_the_default_is_parsed(method: str) -> None:
    url = {"db_url": "sqlite://", "cache_url": "locmemcache://", "email_url": "dummymail://"}[
        method
    ]
    assert getattr(Env({}), method)("A", default=url) == getattr(Env({"A": url}), method)("A")


def test_an_empty_default_is_no_url() -> None:
    assert problem(lambda: Env({}).db_url("A", default="")) == "environment: A is empty"


@pytest.mark.parametrize("url", ["postgres://u:p@h:54x2/db", "postgres://u:p@h:99999/db"])
def test_a_port_that_is_none_is_an_error_of_a_database(url: str) -> None:
    assert problem(lambda: Env({"A": url}).db_url("A")) == (
        "environment: A is not a URL that can be read"
    )


@pytest.mark.parametrize("url", ["redis://h:63x9/0", "redis://h:99999/0"])
def test_a_port_that_is_none_is_an_error_of_a_cache(url: str) -> None:
    assert problem(lambda: Env({"A": url}).cache_url("A")) == (
        "environment: A is not a URL that can be read"
    )


def test_boolean_options_of_a_database_url_are_booleans() -> None:
    options = "atomic_requests=false&conn_health_checks=true"
    config = Env({"A": f"postgres://h/db?{options}"}).db_url("A")
    assert config["ATOMIC_REQUESTS"] is False
    assert config["CONN_HEALTH_CHECKS"] is True


def test_bad_options_of_a_database_url_are_errors() -> None:
    env = Env({"A": "postgres://h/db?conn_max_age=6O", "B": "postgres://h/db?atomic_requests=nope"})
    assert problem(lambda: env.db_url("A"))
    assert problem(lambda: env.db_url("B"))


def test_cache_url() -> None:
    env = Env({"CACHE_URL": "redis://u:p@h:6379/1", "FILES": "filecache:///var/tmp/cache"})
    assert env.cache_url() == env.cache()
    assert env.cache_url()["LOCATION"] == "redis://u:p@h:6379/1"
    assert env.cache_url("FILES")["LOCATION"] == "/var/tmp/cache"


@pytest.mark.parametrize(("ours", "theirs"), [("valkey", "redis"), ("valkeys", "rediss")])
def test_valkey_is_reached_through_redis(ours: str, theirs: str) -> None:
    env = Env({"A": f"{ours}://:p@h:6379/1", "B": f"{theirs}://:p@h:6379/1"})
    assert env.cache_url("A") == env.cache_url("B")
    assert env.cache_url("A")["LOCATION"] == f"{theirs}://:p@h:6379/1"


def test_each_cache_scheme_of_django_names_a_backend_that_it_still_has() -> None:
    from django.utils.module_loading import import_string

    ours = [name for name in Env.CACHE_SCHEMES.values() if name.startswith("django.")]
    # Where django-redis is installed, it has the schemes of Redis.
    assert len(ours) >= 6
    assert all(import_string(name) for name in ours)


def test_a_cache_that_django_has_removed_is_an_unknown_scheme() -> None:
    message = problem(lambda: Env({"A": "memcache://h:11211"}).cache_url("A"))
    assert message.startswith("environment: A has an unknown scheme; known are dbcache, ")


def test_several_redis_servers() -> None:
    env = Env({"A": "redis://a:1,b:2/0"})
    assert env.cache_url("A")["LOCATION"] == ["redis://a:1/0", "redis://b:2/0"]


def test_the_options_of_a_cache_reach_django() -> None:
    from django.core.cache.backends.redis import RedisCache

    config = Env({"A": "redis://h/0?timeout=60&key_prefix=site"}).cache_url("A")
    cache = RedisCache(config["LOCATION"], config)
    assert (cache.default_timeout, cache.key_prefix) == (60, "site")


def test_email_url() -> None:
    env = Env({"EMAIL_URL": "smtp+tls://u%40x:p@h:587"})
    assert env.email_url() == env.email()
    assert {key: value for key, value in env.email().items() if value} == {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "h",
        "EMAIL_PORT": 587,
        "EMAIL_HOST_USER": "u@x",
        "EMAIL_HOST_PASSWORD": "p",
        "EMAIL_USE_TLS": True,
    }


def test_search_url() -> None:
    env = Env({"SEARCH_URL": "solr://h:8983/solr", "B": "whoosh:///srv/index", "C": "acme://h"})
    assert env.search_url() == {
        "ENGINE": "haystack.backends.solr_backend.SolrEngine",
        "URL": "http://h:8983/solr",
    }
    assert env.search_url("B", engine="acme.Engine")["ENGINE"] == "acme.Engine"
    assert env.search_url("D", default=None) is None
    assert problem(lambda: env.search_url("C")) == "environment: C is not a URL that can be read"


def test_channels_url() -> None:
    env = Env({"CHANNELS_URL": "redis://h:6379/0", "B": "acme://h"})
    assert env.channels_url() == env.channels()
    assert env.channels() == {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": ["redis://h:6379/0"]},
    }
    assert env.channels("B", backend="acme.Layer") == {"BACKEND": "acme.Layer"}


def test_json_is_the_standard_one() -> None:
    assert environ.compat.json is json


def test_read_env_is_refused_with_the_cure() -> None:
    """django-environ's would change os.environ, skip bad lines, and log their content."""
    with pytest.raises(TypeError, match=r"use Env\.from_file\(path\)"):
        Env({}).read_env(".env")


def test_a_secret_in_place_of_a_file_name_is_not_shown() -> None:
    env = Env({"DATABASE_URL_FILE": "postgres://u:hunter2@h/db"})
    reason = "names a file that cannot be read (No such file or directory)"
    assert problem(env.db) == f"environment: DATABASE_URL_FILE {reason}"


def test_a_choice_may_be_left_out() -> None:
    assert Env({}).str("A", default=None, choices=["a"]) is None
