from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import environ
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_hardened.dotenv import Assignment, DotenvFile, Place, parse_dotenv, read_dotenv

PATH = Path("site/.env")

quick = settings(deadline=None, database=None, max_examples=60)

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z_0-9]{0,8}", fullmatch=True)
PRINTABLE = st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp", "Zs", "Cs"))
TEXT = st.text(PRINTABLE | st.just(" "), max_size=20)


def values(text: str) -> dict[str, str]:
    """The values that a faultless text sets."""
    file = parse_dotenv(text, PATH)
    assert file.problems == ()
    return {name: assignment.value for name, assignment in file.assignments.items()}


def problems(text: str) -> list[str]:
    """The problems of a text, without the path that each begins with."""
    file = parse_dotenv(text, PATH)
    assert all(problem.startswith(f"{PATH}:") for problem in file.problems)
    return [problem.removeprefix(f"{PATH}:") for problem in file.problems]


# -- What is read --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("KEY=value", "value"),
        ("KEY=", ""),
        ("KEY=''", ""),
        ('KEY=""', ""),
        ("KEY=a=b=c", "a=b=c"),
        ("KEY=two words", "two words"),
        ("KEY=tab\there", "tab\there"),
        ("KEY=  padded  ", "padded"),
        ("KEY='  padded  '", "  padded  "),
        ("KEY='quoted'   ", "quoted"),
        ("KEY=$HOME", "$HOME"),
        ("KEY=${HOME}", "${HOME}"),
        ("KEY=`id`", "`id`"),
        ("KEY=#fragment", "#fragment"),
        ("KEY=a#b", "a#b"),
        ("KEY='a # b'", "a # b"),
        ('KEY="a # b"', "a # b"),
        ("KEY=it's", "it's"),
        ('KEY=5"', '5"'),
        ("KEY='say \"hi\"'", 'say "hi"'),
        ('KEY="it\'s"', "it's"),
        (r'KEY="say \"hi\""', 'say "hi"'),
        (r'KEY="back\\slash"', "back\\slash"),
        (r'KEY="\$x \a"', "$x a"),
        (r'KEY="a\nb\rc\td"', r"a\nb\rc\td"),
        (r"KEY='a\nb'", r"a\nb"),
        (r"KEY=a\b", r"a\b"),
        ("KEY=é漢😀", "é漢😀"),
        ("export KEY=value", "value"),
    ],
)
def test_value_of_a_line(line: str, value: str) -> None:
    assert values(line) == {"KEY": value}


def test_comments_and_blank_lines_say_nothing() -> None:
    assert values("# KEY=1\n\n   \n\t\n#\n#KEY=2\n") == {}


def test_an_assignment_knows_its_line() -> None:
    file = parse_dotenv("# first\n\nA=1\nexport B=2\n", PATH)
    assert {name: str(a.place) for name, a in file.assignments.items()} == {
        "A": f"{PATH}:3",
        "B": f"{PATH}:4",
    }


def test_names_that_differ_in_case_are_different() -> None:
    assert values("key=1\nKEY=2") == {"key": "1", "KEY": "2"}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_do_not_matter(end: str, last: bool) -> None:
    text = end.join(["A=1", "# comment", "", "B='2'"]) + (end if last else "")
    assert values(text) == {"A": "1", "B": "2"}


@quick
@given(name=NAMES, value=TEXT)
def test_a_single_quoted_value_is_itself(name: str, value: str) -> None:
    value = value.replace("'", "")
    assert values(f"{name}='{value}'") == {name: value}


@quick
@given(name=NAMES, value=TEXT)
def test_a_double_quoted_value_with_quotes_and_backslashes_escaped_is_itself(
    name: str, value: str
) -> None:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    assert values(f'{name}="{escaped}"') == {name: value}


@quick
@given(name=NAMES, value=st.text(PRINTABLE, max_size=20))
def test_an_unquoted_value_without_spaces_is_itself(name: str, value: str) -> None:
    value = value.lstrip("\"'")
    assert values(f"{name}={value}") == {name: value}


@quick
@given(pairs=st.dictionaries(NAMES, TEXT.map(str.strip), max_size=5), export=st.booleans())
def test_what_is_accepted_means_what_it_means_to_django_environ(
    pairs: dict[str, str], export: bool
) -> None:
    # They remove single quotes and then, from what is left, double ones.
    pairs = {name: value.replace("'", "").strip() for name, value in pairs.items()}
    text = "".join(f"{'export ' * export}{name}={value}\n" for name, value in pairs.items())
    accepted = parse_dotenv(text, PATH)

    class Theirs(environ.Env):  # type: ignore[misc]
        ENVIRON: dict[str, str] = {}

    Theirs.ENVIRON = {}
    Theirs.read_env(io.StringIO(text))
    for name, assignment in accepted.assignments.items():
        assert assignment.value == Theirs.ENVIRON[name]


# -- What is refused -----------------------------------------------------------------------------

NOT_AN_ASSIGNMENT = "is not NAME=value (no spaces around the name) or a # comment"
UNBALANCED = "KEY has an unbalanced quote, or text after the closing one"
FOLLOWED = "KEY is followed by ' #': quote the value, or move the comment to its own line"


@pytest.mark.parametrize(
    "line",
    [
        "KEY",
        "KEY = value",
        "KEY =value",
        " KEY=value",
        "\tKEY=value",
        "  # an indented comment",
        "KEY: value",
        "1KEY=value",
        "KEY-NAME=value",
        "KEY.NAME=value",
        "\u039aEY=a Greek capital kappa",
        "=value",
        "export",
        "export KEY",
        "export  KEY=value",
        "Export KEY=value",
        "set KEY=value",
        "{",
        '"KEY"=value',
    ],
)
def test_a_malformed_line_is_a_problem(line: str) -> None:
    assert problems(line) == [f"1: {NOT_AN_ASSIGNMENT}"]


@pytest.mark.parametrize(
    "line",
    [
        "KEY='",
        'KEY="',
        "KEY='open",
        'KEY="open',
        'KEY="open\\"',
        'KEY="closed" and more',
        "KEY='closed' # comment",
        "KEY='it's'",
        'KEY="a" "b"',
    ],
)
def test_an_unbalanced_quote_is_a_problem(line: str) -> None:
    assert problems(line) == [f"1: {UNBALANCED}"]


@pytest.mark.parametrize(
    "line", ["KEY=value # comment", "KEY=value #comment", "KEY=a b\t# c", "KEY=pass # word"]
)
def test_a_comment_after_a_value_is_not_guessed_at(line: str) -> None:
    assert problems(line) == [f"1: {FOLLOWED}"]


@pytest.mark.parametrize("line", ["KEY= # fill this in", "KEY=\t#comment", "export KEY=  # x"])
def test_a_comment_in_place_of_a_value_is_not_the_value(line: str) -> None:
    assert problems(line) == [f"1: {FOLLOWED}"]


@quick
@given(st.characters(categories=("Cc", "Zl", "Zp"), exclude_characters="\t\n"))
def test_a_control_character_in_a_line_is_a_problem(character: str) -> None:
    assert problems(f"KEY=a{character}b") == ["1: holds a control character"]


def test_a_carriage_return_ends_a_line_only_before_a_newline() -> None:
    assert problems("A=1\rB=2\n") == ["1: holds a control character"]
    assert problems("A=1\r\r\n") == ["1: holds a control character"]


def test_a_name_set_twice_is_a_problem_and_the_first_one_stands() -> None:
    file = parse_dotenv("A=first\nB=2\nexport A=second\nA=\n", PATH)
    assert file.problems == (
        f"{PATH}:3: A is set a second time (first on line 1)",
        f"{PATH}:4: A is set a second time (first on line 1)",
    )
    assert file.assignments["A"] == Assignment("first", Place(PATH, 1))


def test_every_bad_line_is_reported_and_the_good_ones_are_read() -> None:
    file = parse_dotenv("A=1\nbad\nB=2\nC='\nD=3\x00\nE=5\nE=5", PATH)
    assert sorted(file.assignments) == ["A", "B", "E"]
    assert [problem.split(":")[1] for problem in file.problems] == ["2", "4", "5", "7"]


@quick
@given(
    st.lists(
        st.sampled_from(
            ["KEY={}", "KEY = {}", "{}", "KEY='{}", 'KEY="{}" x', "KEY={}\x01", "KEY={} # {}"]
        ),
        min_size=1,
        max_size=8,
    )
)
def test_no_problem_repeats_what_the_line_says(lines: list[str]) -> None:
    secret = "s3cr3t-Zq9x"
    file = parse_dotenv("\n".join(lines).replace("{}", secret), PATH)
    assert secret not in "".join(file.problems)
    assert all(problem.startswith(f"{PATH}:") for problem in file.problems)


@quick
@given(st.text())
def test_any_text_is_read_and_each_line_is_blank_set_or_a_problem(text: str) -> None:
    file = parse_dotenv(text, PATH)
    lines = len(text.split("\n"))
    assert len(file.assignments) + len(file.problems) <= lines
    assert all(1 <= a.place.line <= lines for a in file.assignments.values())


# -- The file ------------------------------------------------------------------------------------


def test_a_missing_file_is_an_empty_one(tmp_path: Path) -> None:
    assert read_dotenv(tmp_path / ".env") == DotenvFile(tmp_path / ".env", {}, ())


def test_an_empty_file_is_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.touch()
    assert read_dotenv(path) == DotenvFile(path, {}, ())


def test_a_directory_is_a_problem(tmp_path: Path) -> None:
    assert read_dotenv(tmp_path).problems == (f"{tmp_path}: cannot be read (Is a directory)",)


def test_a_file_that_cannot_be_opened_is_a_problem(tmp_path: Path) -> None:
    loop = tmp_path / ".env"
    loop.symlink_to(loop)
    (problem,) = read_dotenv(loop).problems
    assert problem.startswith(f"{loop}: cannot be read (")


@pytest.mark.parametrize("data", [b"A=\xff\xfe", "A=é".encode("latin-1"), "A=1".encode("utf-16")])
def test_a_file_in_another_encoding_is_a_problem(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / ".env"
    path.write_bytes(data)
    assert read_dotenv(path) == DotenvFile(path, {}, (f"{path}: is not UTF-8 text",))


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"\xef\xbb\xbfA=1\r\nB=2\r\n")
    assert {name: a.value for name, a in read_dotenv(path).assignments.items()} == {
        "A": "1",
        "B": "2",
    }


def test_a_byte_order_mark_elsewhere_is_a_problem() -> None:
    assert problems("A=1\n\ufeffB=2") == [f"2: {NOT_AN_ASSIGNMENT}"]


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_a_file_shows_where_it_is_and_no_value(show: Callable[[object], str]) -> None:
    file = parse_dotenv("SECRET_KEY=s3cr3t\nB=2\nbad", PATH)
    assert show(file) == f"<DotenvFile '{PATH}': 2 variables>"


def test_an_assignment_does_not_show_its_value() -> None:
    assignment = Assignment("s3cr3t", Place(PATH, 1))
    assert "s3cr3t" not in repr(assignment)
    assert "s3cr3t" not in str(assignment)
