from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.conf.urls.static import static
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import login_required
from django.contrib.staticfiles.views import serve as serve_staticfiles
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path, re_path
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.static import serve
from findings_support import all_codes, subjects

from django_hardened.checks import project_files, urls
from django_hardened.env import Env


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def silk(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


silk.__module__ = "silk.views.summary"
ROOT = {"document_root": "/srv"}


@pytest.fixture
def urlconf(settings: Any) -> Any:
    def put(*patterns: Any) -> None:
        module = ModuleType("patterns")
        module.urlpatterns = patterns  # type: ignore[attr-defined]
        settings.ROOT_URLCONF = module

    settings.DEBUG = False
    return put


@pytest.mark.parametrize(
    "pattern",
    [
        path("media/<path:path>", serve, ROOT),
        re_path(r"^media/(?P<path>.*)$", serve, ROOT),
        path("media/<path:path>", partial(serve, document_root="/srv")),
        path("", include([path("media/<path:path>", serve, ROOT)])),
        path("static/<path:path>", serve_staticfiles, {"insecure": True}),
        path("static/<path:path>", partial(serve_staticfiles, insecure=True)),
    ],
)
def test_files_that_django_hands_out(urlconf: Any, settings: Any, pattern: Any) -> None:
    urlconf(path("", view), pattern)
    assert all_codes(urls) == ["W660"]
    [message] = urls.check_static_views()
    assert "{" not in message.msg
    settings.DEBUG = True
    assert all_codes(urls) == []


@pytest.mark.parametrize(
    "pattern",
    [
        path("media/<path:path>", serve, {**ROOT, "show_indexes": True}),
        path("media/<path:path>", partial(serve, show_indexes=True), ROOT),
        path("media/<path:path>", partial(partial(serve, document_root="/srv"), show_indexes=True)),
    ],
)
def test_a_listing_of_a_folder(urlconf: Any, pattern: Any) -> None:
    urlconf(pattern)
    assert all_codes(urls) == ["E661"]
    assert subjects(urls.check_static_views()) == ["media/<path:path>"]


@pytest.fixture
def site(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with its settings, its ``.env`` file and its templates in folders of their own."""
    site = tmp_path / "site"
    for name in ("site/config", "site/templates", "site/media", "site/secrets", "other"):
        (tmp_path / name).mkdir(parents=True)
    module = ModuleType("settings_of_a_site")
    module.__file__ = str(site / "config" / "settings.py")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(project_files.assignments, "settings_file", lambda: Path(module.__file__))
    (site / "secrets" / ".env").write_text("SECRET_KEY=hunter2")
    settings.HARDENED_ENV_SOURCES = Env.from_file(site / "secrets" / ".env", {}).sources
    settings.BASE_DIR = site
    settings.TEMPLATES = [{"DIRS": [site / "templates"]}]
    return site


@pytest.mark.parametrize(
    ("folder", "what"),
    [
        ("", ".env, which holds secrets,"),
        ("..", ".env, which holds secrets,"),
        ("/", ".env, which holds secrets,"),
        ("secrets/", ".env, which holds secrets,"),
        ("media/../config", "the settings module"),
        ("templates", "templates"),
    ],
)
def test_a_folder_with_secrets(urlconf: Any, site: Path, folder: str, what: str) -> None:
    root = {"document_root": f"{site}/{folder}" if folder != "/" else "/"}
    for pattern in (
        path("f/<path:path>", serve, root),
        path("f/<path:path>", serve, {**root, "show_indexes": True}),
        path("f/<path:path>", partial(serve, **root)),
        path("f/<path:path>", login_required(serve), root),
        path("f/<path:path>", never_cache(login_required(partial(serve, **root)))),
    ):
        urlconf(path("", view), pattern)
        assert all_codes(urls) == ["E663"]
        [message] = urls.check_static_views()
        assert f"in which {what} lies" in message.msg
        assert subjects([message]) == ["f/<path:path>"]


@pytest.mark.parametrize("folder", ["media", "config/assets", "secrets/public", "../other"])
def test_a_folder_beside_the_secrets(urlconf: Any, site: Path, folder: str) -> None:
    root = {"document_root": site / folder}
    urlconf(path("f/<path:path>", serve, root))
    assert all_codes(urls) == ["W660"]
    urlconf(path("f/<path:path>", login_required(serve), root), path("g", login_required(view)))
    assert all_codes(urls) == []


def test_a_link_to_the_secrets(urlconf: Any, site: Path) -> None:
    (site / "media" / "all").symlink_to(site)
    urlconf(path("f/<path:path>", serve, {"document_root": site / "media" / "all"}))
    assert all_codes(urls) == ["E663"]


def test_a_folder_with_the_code_of_an_app(
    urlconf: Any, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = site.parent / "shop"
    (folder / "static").mkdir(parents=True)
    monkeypatch.setattr(apps.get_app_config("django_hardened"), "path", str(folder))
    urlconf(path("f/<path:path>", serve, {"document_root": folder}))
    assert all_codes(urls) == ["E663"]
    urlconf(path("f/<path:path>", serve, {"document_root": folder / "static"}))
    assert all_codes(urls) == ["W660"]
    urlconf(path("f/<path:path>", serve, {"document_root": apps.get_app_config("auth").path}))
    assert all_codes(urls) == ["W660"]  # anybody can read Django's code


def test_a_url_without_a_folder(urlconf: Any, site: Path) -> None:
    urlconf(path("f/<path:path>", serve))
    assert all_codes(urls) == ["W660"]  # it fails


def test_the_subject_is_the_whole_route(urlconf: Any) -> None:
    urlconf(path("a/", include([path(gettext_lazy("b/"), include([path("c", serve, ROOT)]))])))
    assert subjects(urls.check_static_views()) == ["a/b/c"]


@pytest.mark.parametrize(
    "patterns",
    [
        [],
        [path("", view)],
        [path("", View.as_view())],
        [path("", partial(view))],
        [path("", staff_member_required(serve), ROOT)],
        [path("", serve_staticfiles)],
        [path("", serve_staticfiles, {"insecure": False})],
    ],
)
def test_nothing_to_say(urlconf: Any, patterns: list[Any]) -> None:
    urlconf(*patterns)
    assert all_codes(urls) == []


def test_static_is_empty_in_production(urlconf: Any) -> None:
    urlconf(*static("/media/", document_root="/srv"))
    assert all_codes(urls) == []


def test_no_urlconf() -> None:
    with override_settings(ROOT_URLCONF=None):
        assert all_codes(urls) == []


def test_silk(urlconf: Any, settings: Any) -> None:
    urlconf(path("silk/", include([path("", silk), path("requests/", silk)])), path("x", view))
    assert all_codes(urls) == ["E662"]
    assert subjects(urls.check_silk()) == ["silk/"]
    settings.SILKY_AUTHENTICATION = True
    assert all_codes(urls) == []


def _view_in(module: str) -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    view.__module__ = module
    return view


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("debug_toolbar.views", ["W664"]),
        ("debug_toolbar.panels.sql.views", ["W664"]),
        ("django_browser_reload.views", ["W664"]),
        ("django.contrib.admindocs.views", ["I665"]),
        ("debug_toolbar_extra.views", []),
        ("django.contrib.admin.sites", []),
    ],
)
def test_tools_of_development(
    urlconf: Any, settings: Any, module: str, expected: list[str]
) -> None:
    tool = include([path("", _view_in(module)), path("more/", _view_in(module))])
    urlconf(path("", view), path("tool/", tool), path("again/", tool))
    assert all_codes(urls) == expected
    assert subjects(urls.check_development_tools()) == ["tool/"] * len(expected)
    settings.DEBUG = True
    assert all_codes(urls) == []


def test_the_documentation_of_the_admin_as_it_is(urlconf: Any) -> None:
    urlconf(path("doc/", include("django.contrib.admindocs.urls")))
    assert all_codes(urls) == ["I665"]


def test_a_view_without_a_module(urlconf: Any) -> None:
    instance = type("Callable", (), {"__call__": lambda self, request: None, "__module__": None})()
    urlconf(path("", instance))
    assert all_codes(urls) == []
