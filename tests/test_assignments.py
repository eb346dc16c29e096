from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings
from findings_support import Source

from django_hardened import assignments


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    return Source(tmp_path, monkeypatch)


def _line(setting: str) -> int | None:
    place = assignments.locate(setting)
    return place.line if place else None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("X = 1", 1),
        ("X = 1\nX = 2", 2),
        ("\n\nX: int = 1", 3),
        ("X: int\nX = 1", 2),
        ("X = [1]\nX += [2]", 2),
        ("X = {}\nX['a'] = 1", 1),
        ("X = {'a': {}}\nX['a']['b'] = 1", 1),
        ("X = [1]\nX.append(2)", 2),
        ("X = [1]\nX.index(1)", 1),
        ("X = []\nX.extend([\n2])", 2),
        ("X = {}\nX.update(a=1)", 2),
        ("X = []\nX.insert(0, 1)", 2),
        ("X = {'a': []}\nX['a'].append(1)", 2),
        ("X, Y = 1, 2", 1),
        ("(X, Y) = [1, 2]", 1),
        ("X, Y = (n for n in (1, 2))", 1),
        ("X = Y = 1", 1),
        ("if True:\n    X = 1", 2),
        ("if False:\n    X = 1\nelse:\n    X = 2", 4),
        ("if True:\n    X = 1\nelse:\n    X = 2", 2),
        ("try:\n    X = int('1')\nexcept ValueError:\n    pass", 2),
        ("try:\n    int('a')\nexcept ValueError:\n    X = 1", 4),
        ("try:\n    pass\nfinally:\n    X = 1", 4),
        ("import contextlib\nwith contextlib.nullcontext():\n    X = 1", 3),
        ("for _ in 'ab':\n    X = 1", 2),
        ("while True:\n    X = 1\n    break", 2),
        ("match 1:\n    case 1:\n        X = 1", 3),
        ("def f():\n    X = 2\nX = 1", 3),
        ("X = 1\nasync def f():\n    X = 2", 1),
        ("class Production:\n    X = 1\nX = Production.X", 3),
        ("class Base:\n    X = 1\nclass Production(Base):\n    X = 2\n\nvars().update(X=2)", 4),
        ("class Box: pass\nBox.X = 2\nX = 1", 3),
        ("import os\nX = 1\nos.sep.join('a')", 2),
    ],
)
def test_where_a_setting_is_written(project: Source, text: str, line: int) -> None:
    with project.in_effect(text) as path:
        place = assignments.locate("X")
        assert place
        assert (place.file, place.line) == (path, line)


def test_a_literal_that_is_not_in_effect_is_not_the_place(project: Source) -> None:
    with project.in_effect("X = 1\nglobals().update(X=2)"):
        assert assignments.locate("X") is None


@pytest.mark.parametrize(
    "change", ["X['a']['c'] = 2", "X['d'] = 3", "X['a']['b'] = 1"], ids=["below", "beside", "same"]
)
def test_what_django_fills_in_later_is_no_contradiction(project: Source, change: str) -> None:
    """As it does in DATABASES."""
    with project.in_effect(
        "X = {'a': {'b': 1}}\nfill_in = lambda X=X: exec(\n" + repr(change) + ")\nfill_in()"
    ):
        assert _line("X") == 1


@pytest.mark.parametrize("change", ["X['a']['b'] = 2", "del X['a']['b']", "X['a'] = 0"])
def test_what_somebody_changes_later_is_one(project: Source, change: str) -> None:
    with project.in_effect(
        "X = {'a': {'b': 1}}\nfill_in = lambda X=X: exec(\n" + repr(change) + ")\nfill_in()"
    ):
        assert _line("X") is None


def test_a_value_that_cannot_be_compared_is_no_contradiction(project: Source) -> None:
    text = "class Odd:\n    def __ne__(self, other): raise ValueError\nX = Odd()\n_ = 1"
    with project.in_effect(text):
        assert _line("X") == 3


def test_settings_that_are_nowhere(project: Source) -> None:
    with project.in_effect("X = 1"):
        assert assignments.locate("SECRET_KEY") is None
        assert assignments.locate("NO_SUCH_SETTING") is None
        assert assignments.assignments("NO_SUCH_SETTING") == ()


def test_the_keys_of_an_item_assignment(project: Source) -> None:
    with project.in_effect("X = {'a': {}}\ni = 'k'\nX['a']['b'] = 1\nX[i] = 2"):
        places = assignments.assignments("X")
    assert [place.keys for place in places] == [(), ("a", "b"), ()]
    assert [place.changes for place in places] == [False, True, True]


def test_keywords_of_the_helper(project: Source) -> None:
    text = (
        "def hardened_settings(env, **overrides): return overrides\n"
        "more = {}\n"
        "h = hardened_settings(\n    None,\n    SESSION_COOKIE_AGE=60,\n    **more,\n)\n"
        "globals().update(h)\n"
        "import sys\n"
        "globals().update(sys.modules[__name__].hardened_settings(None, rest_framework={'A': 1}))\n"
        "REST_FRAMEWORK = {'A': 1}\n"
    )
    with project.in_effect(text):
        assert _line("SESSION_COOKIE_AGE") == 5
        assert [place.line for place in assignments.assignments("REST_FRAMEWORK")] == [10, 11]


# -- Modules -------------------------------------------------------------------------------------


def test_import_star(project: Source) -> None:
    base = project.write("base", "X = 1\nY = 1\n_Z = 1\n")
    with project.in_effect("from .base import *\nY = 2") as path:
        place = assignments.locate("X")
        assert place
        assert (place.file, place.line) == (base, 1)
        place = assignments.locate("Y")
        assert place
        assert (place.file, place.line) == (path, 2)
        assert assignments.assignments("_Z") == ()


def test_a_later_import_wins(project: Source) -> None:
    local = project.write("local", "X = 2\n")
    with project.in_effect("X = 1\ntry:\n    from .local import *\nexcept ImportError:\n    pass"):
        place = assignments.locate("X")
        assert place
        assert place.file == local


def test_absolute_import_and_import_by_name(project: Source) -> None:
    base = project.write("base", "X = 1\n")
    text = f"from {project.package}.base import *\nfrom {project.package}.base import X as Y, PI\n"
    project.write("base", "X = 1\nfrom math import pi as PI\n")
    with project.in_effect(text):
        assert [place.file for place in assignments.assignments("X")] == [base]
        assert [place.file for place in assignments.assignments("Y")] == [base]
        assert assignments.assignments("PI") == ()


def test_what_nobody_imported_is_not_looked_at(project: Source) -> None:
    project.write("development", "X = 1\n")
    with project.in_effect("X = int(1)\nif X > 1:\n    from .development import *"):
        assert _line("X") == 1
        assert f"{project.package}.development" not in sys.modules


def test_a_package_imports_from_itself(project: Source) -> None:
    base = project.write("base", "X = 1\n")
    (project.folder / "__init__.py").write_text("from .base import *\n")
    importlib.import_module(project.package)
    with override_settings(SETTINGS_MODULE=project.package, X=1):
        place = assignments.locate("X")
    assert place
    assert place.file == base


def test_modules_that_import_each_other(project: Source) -> None:
    project.write("base", "X = 1\nfrom .production import *\n")
    with project.in_effect("from .base import *\nY = 2"):
        assert _line("X") == 1
        assert _line("Y") == 2


def test_an_import_from_above_the_top(project: Source) -> None:
    project.write("base", "X = 1\n")
    with project.in_effect("X = 1\nif X > 1:\n    from ....base import *"):
        assert _line("X") == 1


def test_a_module_without_source(project: Source) -> None:
    with project.in_effect("from math import *\nX = 1"):
        assert _line("X") == 2
        assert assignments.assignments("pi") == ()


@pytest.mark.parametrize(
    ("subject", "line"),
    [
        ("", 1),
        ("other", 1),
        ("default", 3),
        ("X['default']['USER']", 2),
        ("X['default']['PASSWORD']", 3),
        ("X['default']['NAME']", 1),
    ],
)
def test_a_line_about_a_key_is_the_place_of_what_is_about_the_key(
    project: Source, subject: str, line: int
) -> None:
    text = "X = {'default': {}}\nX['default']['USER'] = 'u'\nX['default']['PASSWORD'] = 'p'\n"
    with project.in_effect(text) as path:
        place = assignments.locate("X", subject)
    assert place
    assert (place.file, place.line) == (path, line)


def test_lines_about_keys_where_there_is_no_other(project: Source) -> None:
    with project.in_effect("X = {}") as path:
        path.write_text("X['a'] = 1\nX['b'] = 2\n")
        place = assignments.locate("X")
    assert place
    assert place.line == 2


def test_a_settings_module_that_is_not_loaded_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "settings_unloaded.py").write_text("X = 1\n")
    with override_settings(SETTINGS_MODULE="settings_unloaded", X=1):
        assert _line("X") == 1
    assert "settings_unloaded" not in sys.modules


@pytest.mark.parametrize("module", [None, "", "no_such_module", "no.such.module", ".", "math", 7])
def test_no_settings_module(module: object) -> None:
    with override_settings(SETTINGS_MODULE=module, X=1):
        assert assignments.locate("X") is None
        assert assignments.settings_file() is None


def test_a_finder_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ValueError(name)

    monkeypatch.setattr(assignments, "find_spec", fail)
    with override_settings(SETTINGS_MODULE="settings_nowhere"):
        assert assignments.settings_file() is None


@pytest.mark.parametrize("text", ["X = (", "\0", "X = 1\n\ud800".encode("utf-8", "surrogatepass")])
def test_source_that_cannot_be_parsed(project: Source, text: str | bytes) -> None:
    with project.in_effect("X = 1") as path:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        assert assignments.locate("X") is None


def test_source_that_is_gone(project: Source) -> None:
    with project.in_effect("X = 1") as path:
        path.unlink()
        assert assignments.locate("X") is None
    base = project.write("base", "X = 1\n")
    with project.in_effect("from .base import *\nY = 1", name="staging"):
        base.unlink()
        assert _line("Y") == 2
        assert assignments.locate("X") is None


def test_what_is_nested_too_deep(project: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> assignments.Table:
        raise RecursionError

    with project.in_effect("X = 1"):
        monkeypatch.setattr(assignments, "_table_of", fail)
        assert assignments.locate("X") is None


def test_a_change_of_the_file_is_seen(project: Source) -> None:
    with project.in_effect("X = 1") as path:
        assert _line("X") == 1
        path.write_text("\nX = 1")
        assert _line("X") == 2


def test_the_settings_of_this_suite() -> None:
    assert assignments.settings_file() == Path(sys.modules[settings.SETTINGS_MODULE].__file__ or "")
    assert _line("ROOT_URLCONF")
    assert assignments.locate("SECRET_KEY") is None
