from __future__ import annotations

import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from django_hardened import waivers
from django_hardened.checks.waivers import E911
from django_hardened.own_settings import EDGE_WORDS
from django_hardened.waivers import (
    Waiver,
    Waivers,
    append_waivers,
    encodable,
    parse_waiver,
    read_waivers,
    render_waiver,
    says_something,
    waivers_file,
)

GOOD = {"id": "W201", "reason": "r", "owner": "o", "expires": "2027-03-31"}
PARSED = Waiver("W201", "r", "o", date(2027, 3, 31))
FILE = """
[[waiver]]
id = "W201"
reason = "r"
owner = "o"
expires = 2027-03-31
"""


@pytest.fixture
def base(settings: Any, tmp_path: Path) -> Path:
    settings.BASE_DIR = tmp_path
    return tmp_path


def _write(base: Path, text: str) -> Path:
    path = base / "hardened_waivers.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _problem(**changes: Any) -> str:
    item = {key: value for key, value in {**GOOD, **changes}.items() if value is not ...}
    with pytest.raises(ValueError, match=r"^(its|has|is)\b") as raised:
        parse_waiver(item)
    return str(raised.value)


# -- One waiver ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id_", "finding", "covered"),
    [
        ("W201", "django_hardened.W201", True),
        ("django_hardened.W201", "django_hardened.W201", True),
        ("security.W008", "security.W008", True),
        ("W001", "W001", True),
        ("W008", "security.W008", False),
        ("W20", "django_hardened.W201", False),
        ("w201", "django_hardened.W201", False),
        ("django_hardened.W201", "W201", False),
    ],
)
def test_ids_long_and_short(id_: str, finding: str, covered: bool) -> None:
    assert Waiver(id_, "r", "o", date(2027, 3, 31)).covers(finding, "x") is covered


@pytest.mark.parametrize(
    ("object_", "subject", "covered"),
    [(None, "", True), (None, "x", True), ("x", "x", True), ("x", "", False), ("x", "xy", False)],
)
def test_an_object_narrows(object_: str | None, subject: str, covered: bool) -> None:
    waiver = Waiver("W201", "r", "o", date(2027, 3, 31), object_)
    assert waiver.covers("django_hardened.W201", subject) is covered


def test_it_ends_after_its_last_day() -> None:
    assert not PARSED.has_expired(date(2027, 3, 30))
    assert not PARSED.has_expired(date(2027, 3, 31))
    assert PARSED.has_expired(date(2027, 4, 1))


def test_in_words() -> None:
    assert str(PARSED) == "W201 until 2027-03-31, o: r"
    narrow = Waiver("W201", "r", "o", date(2027, 3, 31), "x")
    assert str(narrow) == "W201 (x) until 2027-03-31, o: r"


def test_today_is_the_same_everywhere() -> None:
    before = datetime.now(UTC).date()
    assert before <= waivers.today() <= before + timedelta(days=1)


# -- Parsing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expires",
    ["2027-03-31", date(2027, 3, 31), datetime(2027, 3, 31, 23, 59, tzinfo=UTC)],
)
def test_a_good_one(expires: object) -> None:
    assert parse_waiver({**GOOD, "expires": expires}) == PARSED
    narrow = parse_waiver({**GOOD, "expires": expires, "object": "default"})
    assert narrow.object == "default"


def test_lazy_texts() -> None:
    assert parse_waiver({**GOOD, "reason": gettext_lazy("r")}) == PARSED


@pytest.mark.parametrize("item", [None, 3, "W201", ["W201"], {"W201"}])
def test_no_table(item: object) -> None:
    with pytest.raises(ValueError, match="is not a table"):
        parse_waiver(item)


@pytest.mark.parametrize("key", GOOD)
def test_each_key_is_needed(key: str) -> None:
    assert _problem(**{key: ...}) == f"has no {key}"


def test_all_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="has no id and no reason and no owner and no expires"):
        parse_waiver({})


@pytest.mark.parametrize("key", ["id", "object", "reason", "owner"])
@pytest.mark.parametrize("value", [None, 0, 3, True, ["x"]])
def test_texts_are_texts(key: str, value: object) -> None:
    """An ``object = 0`` must not read as "no object": it would waive all of them."""
    assert _problem(**{key: value}) == f"its {key!r} is not text: put it in quotes"


@pytest.mark.parametrize("key", ["id", "object", "reason", "owner"])
@pytest.mark.parametrize("value", ["", " ", "\t\n"])
def test_texts_are_not_blank(key: str, value: object) -> None:
    assert _problem(**{key: value}) == f"its {key!r} is empty"


@pytest.mark.parametrize("key", ["reason", "owner"])
@pytest.mark.parametrize("value", ["-", "?", "...", "1", "n\u200d/".strip("n"), "\u00b7 \u2014"])
def test_a_reason_and_an_owner_have_a_word(key: str, value: str) -> None:
    assert _problem(**{key: value}) == f"its {key!r} says nothing"


@pytest.mark.parametrize("value", ["r", "INC-7", "\u7406\u7531", "7 \u03b1"])
def test_a_word_of_any_script_will_do(value: str) -> None:
    assert parse_waiver({**GOOD, "reason": value, "owner": value}).reason == value


@pytest.mark.parametrize("value", ["", "soon", "31.03.2027", "2027-02-30", 20270331.5, None, True])
def test_a_date_is_a_date(value: object) -> None:
    assert _problem(expires=value) == "its 'expires' is not a date: write 2027-03-31"


@pytest.mark.parametrize("key", ["expire", "Reason", "objects", 3])
def test_a_key_that_is_not_known(key: object) -> None:
    item: dict[Any, str] = {**GOOD, key: "x"}
    with pytest.raises(ValueError, match=f"has the unknown key '{key}'"):
        parse_waiver(item)


def test_the_hint_is_a_waiver() -> None:
    hint = E911.found(subject="x").hint
    assert hint
    example = hint[hint.index("{") :]
    item = tomllib.loads("x = " + example.replace(": ", " = "))["x"]
    assert parse_waiver(item).owner == "ops@example.com"


def test_the_examples_of_the_page_are_waivers(base: Path) -> None:
    page = Path(__file__).resolve().parent.parent / "docs" / "how-to" / "waivers.md"
    text = page.read_text(encoding="utf-8")
    [example] = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    _write(base, example)
    assert read_waivers().problems == ()
    assert [f"Waived: {waiver}\n" in text for waiver in read_waivers().entries[1:]] == [True]
    for word in EDGE_WORDS:
        assert f"| `{word}` |" in text


# -- Where they stand ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "base", "path"),
    [
        (None, None, None),
        (None, "/site", "/site/hardened_waivers.toml"),
        (None, Path("/site"), "/site/hardened_waivers.toml"),
        ("", "/site", "/site/hardened_waivers.toml"),
        ("deploy/w.toml", "/site", "/site/deploy/w.toml"),
        (gettext_lazy("w.toml"), "/site", "/site/w.toml"),
        (Path("/etc/w.toml"), "/site", "/etc/w.toml"),
        ("/etc/w.toml", None, "/etc/w.toml"),
        ("w.toml", None, "w.toml"),
        (3, 4, None),
        (3, "/site", "/site/hardened_waivers.toml"),
    ],
)
def test_the_file(settings: Any, named: Any, base: Any, path: str | None) -> None:
    settings.HARDENED_WAIVERS_FILE, settings.BASE_DIR = named, base
    assert waivers_file() == (Path(path) if path else None)


def test_nothing_is_said_about_nothing(settings: Any) -> None:
    assert read_waivers() == Waivers()
    settings.HARDENED_WAIVERS = []
    assert read_waivers() == Waivers()


@pytest.mark.usefixtures("base")
def test_the_file_need_not_exist() -> None:
    assert read_waivers() == Waivers()


def test_nor_the_folder(settings: Any, base: Path) -> None:
    settings.BASE_DIR = _write(base, "") / "inside_a_file"
    assert read_waivers() == Waivers()


def test_a_file_that_is_named_has_to(settings: Any, base: Path) -> None:
    settings.HARDENED_WAIVERS_FILE = "w.toml"
    assert read_waivers().problems == (f"{base / 'w.toml'}: there is no such file",)


def test_the_file_and_the_setting(settings: Any, base: Path) -> None:
    _write(base, FILE)
    settings.HARDENED_WAIVERS = [{**GOOD, "id": "W202"}]
    assert [waiver.id for waiver in read_waivers().entries] == ["W202", "W201"]
    assert read_waivers().problems == ()


def test_what_is_wrong_waives_nothing_and_the_rest_counts(settings: Any, base: Path) -> None:
    _write(base, f"{FILE}\n[[waiver]]\nid = 'W202'\n[[waiver]]\n")
    settings.HARDENED_WAIVERS = ("W203", GOOD)
    assert read_waivers() == Waivers(
        (PARSED, PARSED),
        (
            "HARDENED_WAIVERS, entry 1: is not a table of id, reason, owner and expires",
            "hardened_waivers.toml, entry 2: has no reason and no owner and no expires",
            "hardened_waivers.toml, entry 3: has no id and no reason and no owner and no expires",
        ),
    )


@pytest.mark.parametrize("value", [None, 3, "W201", GOOD, {"W201"}, object()])
def test_a_setting_that_is_no_list_is_left_to_another_check(settings: Any, value: object) -> None:
    settings.HARDENED_WAIVERS = value
    assert read_waivers() == Waivers()


@pytest.mark.parametrize("text", ["[waiver]\nid = 'W201'", "waiver = 3", "waiver = 'W201'"])
def test_a_file_without_a_list(base: Path, text: str) -> None:
    _write(base, text)
    assert read_waivers().problems == (
        "hardened_waivers.toml has a 'waiver' that is no list: write [[waiver]] above each",
    )


def test_an_inline_list(base: Path) -> None:
    _write(base, 'waiver = [{id = "W201", reason = "r", owner = "o", expires = "2027-03-31"}]')
    assert read_waivers() == Waivers((PARSED,))


def test_a_key_that_means_nothing(base: Path) -> None:
    _write(base, f"[waivers]\n{FILE}\n")
    assert read_waivers() == Waivers(
        (PARSED,), ("hardened_waivers.toml has the unknown key 'waivers'",)
    )


def test_a_file_that_is_no_toml(base: Path) -> None:
    path = _write(base, "[[waiver]]\nid = W201\n")
    [problem] = read_waivers().problems
    assert problem.startswith(f"{path}: cannot be read (")
    assert "line 2" in problem


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = \x00", b"a = " + b"[" * 100_000])
def test_a_file_that_is_nothing(base: Path, content: bytes) -> None:
    (base / "hardened_waivers.toml").write_bytes(content)
    waivers_read = read_waivers()
    assert waivers_read.entries == ()
    assert len(waivers_read.problems) == 1
    assert "cannot be read" in waivers_read.problems[0]


def test_a_file_that_is_a_folder(base: Path) -> None:
    path = base / "hardened_waivers.toml"
    path.mkdir()
    assert read_waivers().problems == (f"{path}: cannot be read (Is a directory)",)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.dates()))
def test_no_entry_is_too_odd(item: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="has no"):
        parse_waiver(item)


def test_an_entry_of_the_setting_ends_on_a_day_that_is_written(settings: Any, base: Path) -> None:
    _write(base, FILE)  # which is data: each of its days is written
    settings.HARDENED_WAIVERS = [{**GOOD, "id": "W202"}]
    assert [waiver.id for waiver in read_waivers({date(2027, 3, 31)}).entries] == ["W202", "W201"]
    assert read_waivers({date(2027, 3, 30)}) == Waivers(
        (PARSED,), ("HARDENED_WAIVERS, entry 1: its 'expires' is computed: write 2027-03-31",)
    )


# -- Ahead ---------------------------------------------------------------------------------------


def test_a_year_is_the_longest() -> None:
    day = date(2027, 3, 31)
    ends = [day - timedelta(days=400), day, day + timedelta(days=366), day + timedelta(days=367)]
    found = Waivers(tuple(Waiver("W201", "r", "o", end) for end in ends), ("a problem",))
    limited = found.limited(day)
    assert [waiver.expires for waiver in limited.entries] == ends[:3]
    assert limited.problems == (
        "a problem",
        "W201: its 'expires', 2028-04-01, is more than 366 days ahead",
    )


# -- Writing -------------------------------------------------------------------------------------

# Also what no encoding can say, control characters, quotes, and line ends of all kinds.
ANY_TEXT = st.text(st.characters(exclude_categories=()), min_size=1)
WAIVER = st.builds(
    Waiver,
    id=ANY_TEXT.filter(str.strip),
    reason=ANY_TEXT.filter(says_something),
    owner=ANY_TEXT.filter(says_something),
    expires=st.dates(),
    object=st.none() | ANY_TEXT.filter(str.strip),
)


def test_rendered() -> None:
    assert f"\n{render_waiver(PARSED)}" == FILE
    assert render_waiver(Waiver("W201", 'a "b" \\ c', "\u00e9\x7f", date(1, 2, 3), "x\ny")) == (
        "[[waiver]]\n"
        'id = "W201"\n'
        'object = "x\\U0000000ay"\n'
        'reason = "a \\"b\\" \\\\ c"\n'
        'owner = "\u00e9\\U0000007f"\n'
        "expires = 0001-02-03\n"
    )


@given(st.lists(WAIVER, max_size=4), st.lists(WAIVER, max_size=4))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, first: list[Waiver], second: list[Waiver]
) -> None:
    path = tmp_path_factory.mktemp("waivers") / "waivers.toml"
    append_waivers(path, first)
    append_waivers(path, second)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waivers, "waivers_file", lambda: path)
        found = read_waivers()
    assert found.problems == ()
    assert list(found.entries) == [
        Waiver(
            id=encodable(waiver.id),
            reason=encodable(waiver.reason),
            owner=encodable(waiver.owner),
            expires=waiver.expires,
            object=encodable(waiver.object) if waiver.object else None,
        )
        for waiver in [*first, *second]
    ]


@pytest.mark.parametrize(
    "before", ["", "# ours", "# ours\n", FILE, FILE.rstrip(), FILE.replace("\n", "\r\n")]
)
def test_appending_keeps_what_is_there(base: Path, before: str) -> None:
    path = base / "hardened_waivers.toml"
    path.write_bytes(before.encode())
    append_waivers(path, [PARSED])
    assert path.read_bytes().startswith(before.encode())
    after = path.read_text(encoding="utf-8")
    assert after == f"{before}\n{FILE}".lstrip() or after.endswith(f"\n{FILE}")
    assert read_waivers() == Waivers((PARSED,) * (before.count("[[waiver]]") + 1))


@pytest.mark.parametrize("before", ["[[waiver", "waiver = []", "waiver = 3", "[waiver]"])
def test_what_would_be_no_toml_is_not_written(base: Path, before: str) -> None:
    path = _write(base, before)
    with pytest.raises(ValueError):  # noqa: PT011  # the words are those of tomllib
        append_waivers(path, [PARSED])
    assert path.read_text(encoding="utf-8") == before
