"""5xx: requests and uploads: how much is taken, with which mode it is stored, and where."""

from __future__ import annotations

from collections.abc import Iterable
from os.path import normpath
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.classes import is_subclass
from django_hardened.checks.project_files import code_in
from django_hardened.checks.rules import Rule
from django_hardened.checks.services import entries
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
    "MEDIA_ROOT and the static files overlap ({media} and {static}): an upload can replace a "
    "script of the site, and collectstatic an upload.",
    'MEDIA_ROOT = BASE_DIR / "media"; STATIC_ROOT = BASE_DIR / "staticfiles"  # and no folder of '
    "STATICFILES_DIRS in either, or around it",
    "MEDIA_ROOT",
    cwe=434,
)
E579 = Rule(
    "E579",
    "MEDIA_ROOT ({media}) holds {what}: an upload can replace it, and MEDIA_URL serves it.",
    'MEDIA_ROOT = BASE_DIR / "media"',
    "MEDIA_ROOT",
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

_DEFAULTS = {"DATA_UPLOAD_MAX_NUMBER_FIELDS": "1000", "DATA_UPLOAD_MAX_NUMBER_FILES": "100"}


# -- How much ------------------------------------------------------------------------------------


def check_request_limits(**kwargs: Any) -> list[CheckMessage]:
    if "request_limits" in conf.edge:
        return []
    findings = []
    for name in ("DATA_UPLOAD_MAX_MEMORY_SIZE", "FILE_UPLOAD_MAX_MEMORY_SIZE"):
        value = getattr(settings, name)
        if value is None and name.startswith("DATA"):
            findings.append(E570.found(setting=name))
        elif _is_number(value) and value > MAX_BYTES:
            findings.append(W572.found(setting=name, size=f"{value / _MEBIBYTE:.0f}"))
    for name, most in MAX_COUNT.items():
        value = getattr(settings, name)
        if value is None:
            findings.append(W571.found(setting=name, default=_DEFAULTS[name]))
        elif _is_number(value) and value > most:
            findings.append(W573.found(setting=name, value=value, default=_DEFAULTS[name]))
    return findings


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
    media, static = _folder("MEDIA_ROOT"), _folder("STATIC_ROOT")
    findings = []
    temporary = _folder("FILE_UPLOAD_TEMP_DIR")
    for name, root in (("MEDIA_ROOT", media), ("STATIC_ROOT", static)):
        if temporary and root and temporary.is_relative_to(root):
            findings.append(W577.found(subject=name))
            break
    if not media or not _stores_files():
        return findings
    what = code_in(media)
    if what:
        findings.append(E579.found(media=media, what=what))
        return findings
    for folder in filter(None, (static, *_static_sources())):
        if media.is_relative_to(folder) or folder.is_relative_to(media):
            return [*findings, E578.found(media=media, static=folder)]
    return findings


def _static_sources() -> list[Path]:
    """Return the folders from which collectstatic copies, each with or without a prefix."""
    listed: Any = settings.STATICFILES_DIRS
    entries: Iterable[Any] = listed if isinstance(listed, list | tuple | set) else ()
    folders = [entry[1] if isinstance(entry, list | tuple) else entry for entry in entries]
    return [Path(normpath(folder)) for folder in folders if isinstance(folder, str | Path)]


def _stores_files() -> bool:
    """Whether uploads go to ``MEDIA_ROOT``: that is, the default storage is the file system."""
    backend = dict(entries(settings.STORAGES)).get("default", {}).get("BACKEND")
    return is_subclass(backend, "django.core.files.storage.FileSystemStorage")


def _folder(name: str) -> Path | None:
    value = getattr(settings, name, None)
    if not value or not isinstance(value, str | Path):
        return None
    path = Path(normpath(value))  # without a look at the disk: the folder may not be there
    return path if path.is_absolute() else None


def check_media_origin(**kwargs: Any) -> list[CheckMessage]:
    url = str(settings.MEDIA_URL or "")
    is_own = url not in ("", "/") and "://" not in url and not url.startswith("//")
    if is_own and settings.MEDIA_ROOT and _stores_files():
        return [I580.found(url=url)]
    return []


CHECKS = (
    check_request_limits,
    check_upload_permissions,
    check_media_root,
    check_media_origin,
)
