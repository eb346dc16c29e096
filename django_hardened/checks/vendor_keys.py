"""How the keys of well-known services look: told by their form, whatever the setting is called.

The services chose these forms so that scanners can find a key that got away.
"""

from __future__ import annotations

import re

from django_hardened.api_keys.key_format import PATTERN, parse


def _any_of(*forms: str) -> re.Pattern[str]:
    """Match any of ``forms`` as a word of its own: not within a longer one."""
    return re.compile(rf"(?<![A-Za-z0-9_-])(?:{'|'.join(forms)})(?![A-Za-z0-9_-])")


_SECRET = _any_of(
    r"(?:sk|rk)_live_[A-Za-z0-9]{16,}",  # https://docs.stripe.com/keys
    r"SG\.[\w-]{22}\.[\w-]{43}",  # https://www.twilio.com/docs/sendgrid/api-reference
    # https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
    r"gh[pousr]_[A-Za-z0-9]{36,}",
    r"github_pat_\w{82}",
    r"(?:bot)?\d{8,10}:[\w-]{35}",  # https://core.telegram.org/bots/api#authorizing-your-bot
    # https://docs.slack.dev/authentication/tokens
    r"xox[baprs]-(?:\d+-)*[A-Za-z0-9]{10,}",
    r"sk-(?:proj|svcacct|admin|ant)-[\w-]{20,}",  # https://platform.openai.com/docs, and Anthropic
    r"sk-[A-Za-z0-9]{32,}",
    r"key-[0-9a-f]{32}",  # https://documentation.mailgun.com/docs/mailgun/api-reference
)
# Our own, with any prefix: the checksum tells one from what looks like one.
_OWN = _any_of(rf"[A-Za-z][A-Za-z0-9_]{{0,19}}{PATTERN}")
# RFC 7468 and RFC 1421; with escaped line breaks where it comes from JSON.
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:\s|\\n)*[A-Za-z0-9+/]{40,}", re.ASCII
)
_TEST = _any_of(r"(?:sk|rk)_test_[A-Za-z0-9]{8,}")  # https://docs.stripe.com/keys#test-live-modes
_PERHAPS_PUBLIC = _any_of(
    r"AIza[\w-]{35}",  # https://docs.cloud.google.com/docs/authentication/api-keys
    r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}",  # RFC 7519; Supabase gives browsers one
)
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
_AWS_SECRET = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9/+]{40}")
_TWILIO_TOKEN = re.compile(r"[0-9a-f]{32}")  # https://www.twilio.com/docs/iam/api/authtoken
# https://support.google.com/accounts/answer/185833: shown in four groups, and pasted like that.
_APP_PASSWORD = re.compile(r"[a-z]{4}(?:\s[a-z]{4}){3}")

_MADE_UP = re.compile(
    r"example|placeholder|change_?me|your|dummy|redacted|0123456789|1234567890|abcdefgh|(.)\1{5}",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"<.*>|.*(?:\.\.\.|…).*|.*[x*]{4,}.*|x{3}|(?:.*[-_ ])?your[-_ ].*|.*[-_ ]here", re.IGNORECASE
)


def is_secret(text: str, path: str) -> bool:
    """Whether ``text`` is, or holds, a key that must stay secret.

    ``path`` is the name of the setting and the keys that lead to ``text``, in capitals.
    """
    if any(parse(found[0]) for found in _OWN.finditer(text)):
        return True
    return not _MADE_UP.search(text) and bool(
        _SECRET.search(text)
        or _PRIVATE_KEY.search(text)
        or (path.endswith("SECRET_ACCESS_KEY") and _AWS_SECRET.fullmatch(text))
        or ("TWILIO" in path and path.endswith("TOKEN") and _TWILIO_TOKEN.fullmatch(text))
        or (re.search(r"PASS(?:WORD|WD)?$", path) and _APP_PASSWORD.fullmatch(text))
    )


def is_test_key(text: str) -> bool:
    """Whether ``text`` is a key that moves no money."""
    return bool(_TEST.search(text)) and not _MADE_UP.search(text)


def is_perhaps_public(text: str) -> bool:
    """Whether ``text`` is of a form that is given to browsers too."""
    return bool(_PERHAPS_PUBLIC.search(text)) and not _MADE_UP.search(text)


def is_placeholder(text: str) -> bool:
    """Whether ``text`` stands where a key will be: ``sk_test_...``, ``your-key-here``."""
    return bool(_PLACEHOLDER.fullmatch(text))
