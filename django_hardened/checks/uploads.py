"""5xx: requests and uploads: how much is taken, with which mode it is stored, and where."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from os.path import normpath, realpath
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.classes import is_subclass
from django_hardened.checks.dictionaries import entry_of, options_of
from django_hardened.checks.project_files import code_in, is_in, own_apps
from django_hardened.checks.rules import Rule
from django_hardened.checks.setting_types import can_be_read
from django_hardened.conf import conf

_MEBIBYTE = 1024 * 1024
# Bodies are read into memory, by each worker at once: above this a few requests fill a server.
MAX_BYTES = 100 * _MEBIBYTE
# Django's own: 1,000 fields and 100 files. Large admin pages need some thousands.
MAX_COUNT = {"DATA_UPLOAD_MAX_NUMBER_FIELDS": 100_000, "DATA_UPLOAD_MAX_NUMBER_FILES": 10_000}

E570 = Rule(
    "E570",
    "{setting} is None: one request can fill the memory.",
    'DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440  # or HARDENED_EDGE = {{"request_limits"}} where a '
    "proxy limits bodies",
    cwe=770,
)
W571 = Rule(
    "W571",
    "{setting} is None: a request with a million of them keeps a worker busy.",
    "{setting} = {default}  # views that need more of them belong behind a login",
    cwe=770,
)
W572 = Rule(
    "W572",
    "{setting} is {size} MiB, which each worker may hold in memory at once.",
    "{setting} = 2_621_440  # larger files are streamed to disk and do not count",
    cwe=770,
)
W573 = Rule(
    "W573",
    "{setting} is {value}: parsing that many keeps a worker busy.",
    "{setting} = {default}",
    cwe=770,
)
E574 = Rule(
    "E574",
    "{setting} is {mode}: every user of this machine can change what was uploaded.",
    "{setting} = {fix}",
    cwe=732,
)
W575 = Rule(
    "W575",
    "FILE_UPLOAD_PERMISSIONS is {mode}: an uploaded file is a program that can be started.",
    "FILE_UPLOAD_PERMISSIONS = 0o644",
    "FILE_UPLOAD_PERMISSIONS",
    cwe=732,
)
W576 = Rule(
    "W576",
    "{setting} is {value} in decimal, which is the mode {mode}.",
    "{setting} = {fix}",
    cwe=732,
)
W577 = Rule(
    "W577",
    "FILE_UPLOAD_TEMP_DIR is inside {subject}: files are served while they are being uploaded, "
    "before any check of them.",
    'FILE_UPLOAD_TEMP_DIR = None  # or a folder that is not served, such as "/var/tmp/<project>"',
    "FILE_UPLOAD_TEMP_DIR",
)
E578 = Rule(
    "E578",
    "{name} and the static files overlap ({media} and {static}): an upload can replace a "
    "script of the site, and collectstatic an upload.",
    '{name} = BASE_DIR / "media"; STATIC_ROOT = BASE_DIR / "staticfiles"  # and no folder of '
    "STATICFILES_DIRS in either, or around it",
    cwe=434,
)
E579 = Rule(
    "E579",
    "{name} ({media}) {what}: an upload can replace it, and MEDIA_URL serves it.",
    '{name} = BASE_DIR / "media"',
    cwe=434,
)
I580 = Rule(
    "I580",
    "Uploads are served from the site's own origin (MEDIA_URL is {url!r}): a page or an SVG that "
    "somebody uploads runs scripts as the site.",
    'MEDIA_URL = "https://media.example-usercontent.com/"  # or have the server send them with '
    "Content-Disposition: attachment and Content-Security-Policy: sandbox",
    "MEDIA_URL",
    asvs="3.2.1",
    cwe=434,
)
RULES = (E570, W571, W572, W573, E574, W575, W576, W577, E578, E579, I580)

# What Django looks for in the folder of an app.
_READ_BY_DJANGO = ("static", "templates", "fixtures", "locale")
_DEFAULTS = {"DATA_UPLOAD_MAX_NUMBER_FIELDS": "1000", "DATA_UPLOAD_MAX_NUMBER_FILES": "100"}


# -- How much ------------------------------------------------------------------------------------


def check_request_limits(**kwargs: Any) -> list[CheckMessage]:
    if "request_limits" in conf.edge:
        return []
    findings = []
    for name in ("DATA_UPLOAD_MAX_MEMORY_SIZE", "FILE_UPLOAD_MAX_MEMORY_SIZE"):
        value = getattr(settings, name)
        if _is_endless(value) and name.startswith("DATA"):
            findings.append(E570.found(setting=name))
        elif _is_number(value) and value > MAX_BYTES:
            findings.append(W572.found(setting=name, size=f"{value / _MEBIBYTE:.0f}"))
    for name, most in MAX_COUNT.items():
        value = getattr(settings, name)
        if _is_endless(value):
            findings.append(W571.found(setting=name, default=_DEFAULTS[name]))
        elif _is_number(value) and value > most:
            findings.append(W573.found(setting=name, value=value, default=_DEFAULTS[name]))
    return findings


def _is_endless(value: object) -> bool:
    """Whether ``value`` limits nothing: no number is greater than infinity, or than no number."""
    return value is None or (isinstance(value, float) and not isfinite(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# -- With which mode -----------------------------------------------------------------------------


def check_upload_permissions(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    for name, fix, allowed in (
        ("FILE_UPLOAD_PERMISSIONS", "0o644", 0o664),
        ("FILE_UPLOAD_DIRECTORY_PERMISSIONS", "0o755", 0o775),
    ):
        value = getattr(settings, name)
        if not isinstance(value, int) or isinstance(value, bool):
            continue
        if _is_decimal_mode(value):
            meant = oct(int(str(value), 8) & allowed)
            findings.append(W576.found(setting=name, value=value, mode=oct(value), fix=meant))
        elif value & 0o002:
            findings.append(E574.found(setting=name, mode=oct(value), fix=fix))
        elif value & 0o111 and name == "FILE_UPLOAD_PERMISSIONS":
            findings.append(W575.found(mode=oct(value)))
    return findings


def _is_decimal_mode(value: int) -> bool:
    """Whether ``value`` looks like 644 written without its 0o; a real mode is no more than 511."""
    return 0o777 < value <= 777 and not set(str(value)) & set("89")


# -- Where ---------------------------------------------------------------------------------------


def check_media_root(**kwargs: Any) -> list[CheckMessage]:
    uploads, static = _uploads(), _folder(settings.STATIC_ROOT)
    findings = []
    temporary = _folder(settings.FILE_UPLOAD_TEMP_DIR)
    for name, root in (("MEDIA_ROOT", _folder(settings.MEDIA_ROOT)), ("STATIC_ROOT", static)):
        if temporary and root and temporary.is_relative_to(root):
            findings.append(W577.found(subject=name))
            break
    if not uploads:
        return findings
    name, media = uploads
    where: dict[str, Any] = {"setting": name.partition("[")[0], "name": name, "media": media}
    held = code_in(media)
    what = f"holds {held}" if held else _around(media)
    if what:
        return [*findings, E579.found(**where, what=what)]
    for folder in filter(None, (static, *_static_sources())):
        if media.is_relative_to(folder) or folder.is_relative_to(media):
            return [*findings, E578.found(**where, static=folder)]
    return findings


def _static_sources() -> list[Path]:
    """Return the folders from which collectstatic copies, each with or without a prefix."""
    listed: Any = settings.STATICFILES_DIRS
    entries: Iterable[Any] = listed if isinstance(listed, list | tuple | set) else ()
    folders = [entry[1] if isinstance(entry, list | tuple) else entry for entry in entries]
    return [path for folder in folders if (path := _folder(folder))]


def _uploads() -> tuple[str, Path] | None:
    """Return where the default storage puts files, and what says so; None where that is no disk."""
    config = entry_of(settings.STORAGES, "default")
    if not is_subclass(config.get("BACKEND"), "django.core.files.storage.FileSystemStorage"):
        return None
    location = _folder(options_of(config).get("location"))
    if location:
        return 'STORAGES["default"]["OPTIONS"]["location"]', location
    media = _folder(settings.MEDIA_ROOT)
    return ("MEDIA_ROOT", media) if media else None


def _folder(value: object) -> Path | None:
    if not value or not isinstance(value, str | Path):
        return None
    # As the storage does it, without a look at the disk: the folder may not be there.
    return Path(normpath(Path.cwd() / value))


def _around(media: Path) -> str:
    """Say of which app's code, templates or data ``media`` is a part, or nothing.

    A folder of its own inside an app is none of these: many projects have it there.
    """
    for name, app in own_apps():
        if not is_in(media, app):
            continue
        below = Path(realpath(media)).relative_to(realpath(app))
        if below.parts[0] in _READ_BY_DJANGO:
            return f"lies in {below.parts[0]} of {name}"
        packages = [app / below, *(app / parent for parent in below.parents if parent.parts)]
        if any((package / "__init__.py").is_file() for package in packages):
            return f"lies in the code of {name}"
    return ""


def check_media_origin(**kwargs: Any) -> list[CheckMessage]:
    url = str(settings.MEDIA_URL or "") if can_be_read("MEDIA_URL") else ""
    is_own = url not in ("", "/") and "://" not in url and not url.startswith("//")
    if is_own and _uploads():
        return [I580.found(url=url)]
    return []


CHECKS = (
    check_request_limits,
    check_upload_permissions,
    check_media_root,
    check_media_origin,
)
