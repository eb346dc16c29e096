"""``Env``: a strict layer over django-environ.

It differs from :class:`environ.Env` where that one guesses: an unknown boolean word, a malformed
line, a blank item and an unknown URL scheme are errors, a value that starts with ``$`` is itself,
and no message ever holds a value.
"""

from __future__ import annotations

import builtins
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, NoReturn, Self, TypeAlias

import environ
from django.core.exceptions import ImproperlyConfigured

from django_hardened import casting, reads, recording
from django_hardened.connection_urls import cast_options, check_url
from django_hardened.dotenv import DotenvFile, read_dotenv
from django_hardened.sources import Source, Sources

_NOTSET: Any = environ.Env.NOTSET

# ``Env`` has methods of these names, which hide the types in its own annotations.
_str: TypeAlias = str
_bool: TypeAlias = bool


class EnvError(ImproperlyConfigured):
    """Something in the environment is wrong. The message never holds a value."""


class MissingVariable(EnvError):
    """A required variable is not set."""


class InvalidVariable(EnvError):
    """A variable is set, but not to a value that can be used."""


class MalformedFile(EnvError):
    """The ``.env`` file has lines that cannot be read; one message names them all."""


class Env(environ.Env):  # type: ignore[misc]  # django-environ ships no type information
    """Typed, strict access to environment variables.

    ``Env(mapping)`` reads any mapping of strings; :meth:`from_file` reads a ``.env`` file below
    the process environment. ``NAME_FILE=/run/secrets/name`` supplies ``NAME`` from that file,
    without its final newline. The reading methods are django-environ's: ``env.str``, ``env.bool``,
    ``env.int``, ``env.list``, ``env.db`` and so on.

    Raises:
        MissingVariable: a variable without a default is not set.
        InvalidVariable: a value cannot be read as what was asked for, or is empty.
        MalformedFile: on the first read, if the file has lines that cannot be parsed.
    """

    BOOLEAN_FALSE_STRINGS = ("false", "off", "n", "no", "0")
    # With Valkey's schemes, which django-environ 0.12 does not know yet, and without that of a
    # backend that Django removed in 4.1.
    CACHE_SCHEMES: ClassVar = {
        scheme: backend
        for scheme, backend in environ.Env.CACHE_SCHEMES.items()
        if scheme != "memcache"
    } | dict.fromkeys(("valkey", "valkeys"), environ.Env.CACHE_SCHEMES["redis"])

    def __init__(self, environ: Mapping[_str, _str] = os.environ, /, **scheme: Any) -> None:
        super().__init__(**scheme)
        self._load(environ, None)

    @classmethod
    def from_file(
        cls,
        path: _str | os.PathLike[_str],
        environ: Mapping[_str, _str] = os.environ,
        **scheme: Any,
    ) -> Self:
        """Read ``path``, with ``environ`` taking precedence over it; neither is changed.

        The path is explicit and never searched for. A missing file is not an error. Lines that
        cannot be parsed are reported by the first read, or by ``hardened_settings`` together with
        everything else that is wrong.
        """
        env = cls(environ, **scheme)
        env._load(environ, read_dotenv(Path(path)))
        return env

    def _load(self, process: Mapping[_str, _str], dotenv: DotenvFile | None) -> None:
        process, dotenv = recording.environment(process, dotenv)
        assignments = dotenv.assignments if dotenv else {}
        file = {name: item.value for name, item in assignments.items()}
        self.file_problems = dotenv.problems if dotenv else ()
        # Highest precedence first: a name, or its _FILE, is looked for layer by layer.
        self._layers = (dict(process), file)
        self.ENVIRON = {**file, **process}
        self._set = {name: Source("file", item.place) for name, item in assignments.items()}
        self._set.update(dict.fromkeys(process, Source("environment")))
        self._read: dict[_str, Source] = {}
        self._collecting = False
        self.sources = Sources(dotenv.path if dotenv else None, self._set, self._read)

    @contextmanager
    def collecting(self) -> Iterator[builtins.list[_str]]:
        """Give a list to gather every problem in, beginning with those of the file.

        Within the block a read no longer fails because of the file's other lines, so that all
        that is wrong can be reported at once.
        """
        self._collecting = True
        try:
            yield [*self.file_problems]
        finally:
            self._collecting = False

    def __contains__(self, var: object) -> bool:
        recording.asked(f"{var}")
        return var in self.ENVIRON or bool(self.ENVIRON.get(f"{var}_FILE"))

    def __repr__(self) -> _str:
        where = f" {str(self.sources.file)!r}" if self.sources.file else ""
        return f"<{type(self).__name__}{where}: {len(self.ENVIRON)} variables>"

    @classmethod
    def read_env(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: it changes ``os.environ``, skips what it cannot read and logs it."""
        raise TypeError("Env.read_env() would change os.environ; use Env.from_file(path)")

    # -- Reading -----------------------------------------------------------------------------

    def get_value(
        self, var: _str, cast: Any = None, default: Any = _NOTSET, parse_default: _bool = False
    ) -> Any:
        """Return the value of ``var`` as ``cast``; every other reading method ends up here."""
        if self.file_problems and not self._collecting:
            raise MalformedFile("\n".join(self.file_problems))
        name = f"{self.prefix}{var}"
        cast, default = self._declared(name, cast, default)
        value = self._recorded(name, cast, default, self._lookup(name))
        if value is None or (value == "" and default is None):
            return self._default(name, cast, default, parse_default)
        if _is_blank(value, cast) and (default is _NOTSET or not _may_be_blank(cast)):
            self._refuse(name, "is empty")
        if cast is None and default is not _NOTSET and default is not None and self.smart_cast:
            cast = type(default)
        return self._attempt(name, casting.describe_failure(cast), self.parse_value, value, cast)

    def _declared(self, name: _str, cast: Any, default: Any) -> tuple[Any, Any]:
        """Fill in what ``Env(NAME=(cast, default))`` or ``Env(NAME=cast)`` declared."""
        declared = self.scheme.get(name)
        if declared is None:
            return cast, default
        if isinstance(declared, tuple) and len(declared) == 2:
            return cast or declared[0], declared[1] if default is _NOTSET else default
        return cast or declared, default

    def _lookup(self, name: _str) -> _str | None:
        """Return the raw value of ``name`` and remember where it came from."""
        for layer in self._layers:
            if name in layer and layer.get(f"{name}_FILE"):
                self._refuse(name, f"is set twice: directly and through {name}_FILE")
            if name in layer:
                self._read[name] = self._set[name]
                return layer[name]
            if layer.get(f"{name}_FILE"):
                return self._read_secret_file(name, Path(layer[f"{name}_FILE"]))
        return None

    def _recorded(self, name: _str, cast: Any, default: Any, value: _str | None) -> _str | None:
        """Tell ``make_env`` of the read where it is recording; a placeholder may come back."""
        if recording.current() is None:
            return value
        required = default is _NOTSET
        if cast is None and not required and default is not None and self.smart_cast:
            cast = type(default)
        self._read.setdefault(name, Source("default"))
        read = reads.describe(name, cast, required=required, default=default)
        return recording.found(read, value, cast, self.parse_value)

    def _read_secret_file(self, name: _str, path: Path) -> _str:
        self._read[name] = Source("secret file", path)
        # The error is raised outside, where it has no context: that would hold the content.
        try:
            return re.sub(r"\r?\n\Z", "", path.read_bytes().decode())
        except OSError as error:
            reason = f"cannot be read ({error.strerror})"
        except UnicodeDecodeError:
            reason = "is not UTF-8 text"
        except ValueError:
            reason = "cannot be the name of a file"
        # What does not look like a path may be the secret itself, in the wrong variable.
        named = f"names {path}, which" if path.is_absolute() else "names a file that"
        return self._refuse(f"{name}_FILE", f"{named} {reason}")

    def _default(self, name: _str, cast: Any, default: Any, parse_default: _bool) -> Any:
        if default is _NOTSET:
            where = f" or in {self.sources.file}" if self.sources.file else ""
            raise MissingVariable(f"{name} is not set: set it in the environment{where}")
        self._read[name] = Source("default")
        if parse_default and isinstance(default, builtins.str):
            return self.parse_value(default, cast)
        return default

    @classmethod
    def parse_value(cls, value: Any, cast: Any) -> Any:
        """Cast ``value`` as django-environ does, without its guesses."""
        if cast is builtins.bool:
            return cls._parse_bool(value)
        if cast is builtins.float:
            return casting.parse_float(value)
        if cast is builtins.dict:
            return casting.parse_pairs(value)
        for collection in (builtins.list, builtins.tuple):
            if cast is collection or isinstance(cast, collection):
                if collection is builtins.tuple:
                    value = casting.without_parentheses(value)
                item_cast = None if cast is collection else cast[0]
                return collection(cls.parse_value(i, item_cast) for i in casting.split(value))
        if isinstance(cast, builtins.dict):
            return cls._parse_dict(value, cast)
        return super().parse_value(value, cast)

    @classmethod
    def _parse_dict(cls, value: _str, cast: builtins.dict[_str, Any]) -> builtins.dict[Any, Any]:
        """Read ``key=value;key=value`` with the casts that django-environ's dict of casts names."""
        key_cast, by_key = cast.get("key", builtins.str), cast.get("cast", {})
        pairs = casting.parse_pairs(value, separator=";")
        return {
            key_cast(key): cls.parse_value(text, by_key.get(key, cast.get("value", builtins.str)))
            for key, text in pairs.items()
        }

    # -- django-environ's methods that would repeat or swallow a value -----------------------

    def bytes(self, var: _str, default: Any = _NOTSET, encoding: _str = "utf8") -> Any:
        return self._attempt(
            f"{self.prefix}{var}",
            f"cannot be encoded as {encoding}",
            super().bytes,
            var,
            default=default,
            encoding=encoding,
        )

    def path(self, var: _str, default: Any = _NOTSET, **options: Any) -> Any:
        recording.expect(f"{self.prefix}{var}", reads.PATH)
        return self._attempt(
            f"{self.prefix}{var}",
            "names a path that does not exist",
            super().path,
            var,
            default=default,
            **options,
        )

    def str(
        self, var: _str, default: Any = _NOTSET, multiline: _bool = False, choices: Any = _NOTSET
    ) -> Any:
        if choices is not _NOTSET:
            recording.expect(f"{self.prefix}{var}", reads.CHOICE, [*map(_str, choices)])
        value = super().str(var, default=default, multiline=multiline)
        if choices is not _NOTSET and value is not default and value not in choices:
            self._refuse(f"{self.prefix}{var}", f"is not one of {', '.join(map(repr, choices))}")
        return value

    def db_url(
        self, var: _str = "DATABASE_URL", default: Any = _NOTSET, engine: _str | None = None
    ) -> Any:
        return self._url(var, default, self.DB_SCHEMES, super().db_url, engine=engine)

    def cache_url(
        self, var: _str = "CACHE_URL", default: Any = _NOTSET, backend: _str | None = None
    ) -> Any:
        return self._url(var, default, self.CACHE_SCHEMES, super().cache_url, backend=backend)

    def email_url(
        self, var: _str = "EMAIL_URL", default: Any = _NOTSET, backend: _str | None = None
    ) -> Any:
        return self._url(var, default, self.EMAIL_SCHEMES, super().email_url, backend=backend)

    @classmethod
    def cache_url_config(cls, url: Any, backend: _str | None = None) -> Any:
        if url.scheme in ("valkey", "valkeys"):
            # Valkey speaks Redis' protocol, and the clients know it by Redis' schemes only.
            url = url._replace(scheme=url.scheme.replace("valkey", "redis"))
        config = super().cache_url_config(url, backend=backend)
        # For Redis they are in lower case, where Django looks for timeout and nothing else.
        return {
            key.upper() if key.upper() in cls._CACHE_BASE_OPTIONS else key: value
            for key, value in config.items()
        }

    def search_url(
        self, var: _str = "SEARCH_URL", default: Any = _NOTSET, engine: _str | None = None
    ) -> Any:
        return self._url(var, default, None, super().search_url, engine=engine)

    def channels_url(
        self, var: _str = "CHANNELS_URL", default: Any = _NOTSET, backend: _str | None = None
    ) -> Any:
        return self._url(var, default, self.CHANNELS_SCHEMES, super().channels_url, backend=backend)

    db, cache, email, channels = db_url, cache_url, email_url, channels_url

    def _url(
        self,
        var: _str,
        default: Any,
        schemes: Mapping[_str, _str] | None,
        read: Callable[..., Any],
        **options: Any,
    ) -> Any:
        name = f"{self.prefix}{var}"
        recording.expect(name, reads.CONNECTIONS[read.__name__])
        value = self.get_value(var, cast=builtins.str, default=default)
        if value is None:
            return None
        if value == "":
            self._refuse(name, "is empty")
        unreadable = "is not a URL that can be read"
        known = None if any(options.values()) else schemes
        self._attempt(name, unreadable, check_url, value, known)
        config = self._attempt(name, unreadable, read, var, default=default, **options)
        return self._attempt(name, unreadable, cast_options, config, self._parse_bool)

    @classmethod
    def _parse_bool(cls, value: _str) -> _bool:
        return casting.parse_bool(value, cls.BOOLEAN_TRUE_STRINGS, cls.BOOLEAN_FALSE_STRINGS)

    # -- Refusing ----------------------------------------------------------------------------

    def _attempt(
        self, name: _str, reason: _str, parse: Callable[..., Any], /, *args: Any, **options: Any
    ) -> Any:
        """Return what ``parse`` returns, or raise our own error: theirs may quote the value.

        Ours is raised after theirs was handled, so that not even ``__context__`` leads there.
        """
        try:
            return parse(*args, **options)
        except EnvError:
            raise
        except casting.Unreadable as error:
            reason = str(error)
        except Exception:  # noqa: BLE001  # a cast may be any callable
            pass
        return self._refuse(name, reason)

    def _refuse(self, name: _str, reason: _str) -> NoReturn:
        source = self._read.get(name) or self._set.get(name)
        raise InvalidVariable(f"{(source and source.place) or 'environment'}: {name} {reason}")


_COLLECTIONS = (builtins.list, builtins.tuple, builtins.dict)


def _is_collection(cast: Any) -> bool:
    return cast in _COLLECTIONS or isinstance(cast, _COLLECTIONS)


def _is_blank(value: str, cast: Any) -> bool:
    """Whether nothing is there: a blank list has no item, and a blank text is one."""
    return not value.strip() if _is_collection(cast) else not value


def _may_be_blank(cast: Any) -> bool:
    """Whether "no value" is a value of this type; there is no blank number or boolean."""
    return cast in (None, builtins.str) or _is_collection(cast)


class _RecordedEnv(Env):
    """What a project that reads by django-environ gets while its reads are recorded."""

    @classmethod
    def read_env(cls, env_file: Any = None, *args: Any, **options: Any) -> None:  # type: ignore[override]
        """Tell which file it would be; what is in it is of this machine only."""
        if env_file is not None:
            recording.environment(os.environ, read_dotenv(Path(env_file)))


@contextmanager
def stand_in_for_environ() -> Iterator[None]:
    """Have ``environ.Env`` be one that records, within the block, for whoever imports it there."""
    own = environ.Env, environ.FileAwareEnv
    environ.Env = environ.FileAwareEnv = _RecordedEnv
    try:
        yield
    finally:
        environ.Env, environ.FileAwareEnv = own
