"""What scanners say of plain Django and of the example site: `python benchmarks/scanners.py`.

Plain Django is what startproject writes: naive, with nothing changed but the name of the host, and
as the deployment checklist says, without a finding of `check --deploy`. Both have a page and an API
beside the admin. All run under gunicorn with TLS. Needs the dependency group test-scanners, and
`npm ci --ignore-scripts --prefix tests/scanners`. Some of them take minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent / "example_project")]

import django  # noqa: E402
from host_attacks.servers import free_port  # noqa: E402
from scanned_sites_support import Site, example_site, serving  # noqa: E402
from scanners_support import (  # noqa: E402
    ACTIVE,
    OSHP,
    csp_findings,
    ignored_auth,
    lighthouse,
    observatory,
    oshp_failures,
    shcheck,
    wapiti,
)

PAGE = "/admin/login/"
# Of the CSP Evaluator, the worst first.
SEVERITIES = """no CSP,HIGH,SYNTAX,MEDIUM,HIGH_MAYBE,STRICT_CSP,MEDIUM_MAYBE,INFO""".split(",")
NAIVE = "ALLOWED_HOSTS = ['localhost']\n"
# https://docs.djangoproject.com/en/6.1/howto/deployment/checklist/, and what `check --deploy` asks
CHECKLIST = """
DEBUG = False
ALLOWED_HOSTS = ["localhost"]
SECRET_KEY = "{key}"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT = True
SECURE_SSL_HOST = "localhost:{port}"
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
"""
URLS = """
from rest_framework import routers, serializers, viewsets
from drf_spectacular.views import SpectacularJSONAPIView
from django.contrib.auth.models import Group
from django.contrib import admin
from django.http import HttpResponse
from django.urls import include, path

class GroupSerializer(serializers.ModelSerializer):
    class Meta:
        model = Group
        fields = ["id", "name"]

class GroupViewSet(viewsets.ModelViewSet):
    queryset = Group.objects.order_by("id")
    serializer_class = GroupSerializer

router = routers.DefaultRouter()
router.register("groups", GroupViewSet)
PAGE = "<!DOCTYPE html><title>Home</title><a href='/admin/login/'>Log in</a>"
urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularJSONAPIView.as_view()),
    path("api/", include(router.urls)),
    path("", lambda request: HttpResponse(PAGE)),
]
"""
APPS = """
INSTALLED_APPS += ["rest_framework", "drf_spectacular"]
REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}
"""


def main() -> None:
    print(f"Django {django.__version__}, gunicorn, TLS on loopback; pages: / and {PAGE}\n")
    columns = []
    with TemporaryDirectory() as directory:
        for name, changes in (("naive", NAIVE), ("checklist", CHECKLIST)):
            with plain_site(Path(directory) / name, changes) as site:
                columns.append({"": name, **judge(site)})
        folder = Path(directory) / "hardened"
        folder.mkdir()
        with example_site("gunicorn", folder) as site:
            columns.append({"": "hardened", **judge(site)})
    for row in columns[0]:
        print(f"{row:36}" + "".join(f"{column[row]!s:>16}" for column in columns))


@contextmanager
def plain_site(folder: Path, changes: str) -> Iterator[Site]:
    """Run what startproject writes, with ``changes`` at the end of its settings."""
    folder.mkdir()
    manage = [sys.executable, "-m", "django"]
    subprocess.run([*manage, "startproject", "site1", str(folder)], check=True)
    port, plain = free_port(), free_port()
    settings = folder / "site1" / "settings.py"
    added = APPS + changes.replace("{port}", str(port)).replace("{key}", os.urandom(40).hex())
    settings.write_text(settings.read_text() + added)
    (folder / "site1" / "urls.py").write_text(URLS)
    inherited = [path for path in [os.environ.get("PYTHONPATH")] if path]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), *inherited]),
        "DJANGO_SETTINGS_MODULE": "site1.settings",
    }
    subprocess.run([*manage, "migrate", "--verbosity=0"], env=environment, check=True)
    command = ("gunicorn", "site1.wsgi", "--threads=4", "--bind=127.0.0.1:{port}")
    tls = ("--certfile={folder}/site.pem", "--keyfile={folder}/key.pem")
    with serving((command, tls), port, plain, folder, environment) as certificate:
        yield Site(port, plain, folder, certificate)


def judge(site: Site) -> dict[str, object]:
    """Return what each scanner says of ``site`` in a few characters."""
    grades = {
        f"Observatory, {path}": f"{verdict['grade']} {verdict['score']}"
        for path, verdict in observatory(site, ["/", PAGE]).items()
    }
    header = site.header(PAGE)
    policy = header.get("Content-Security-Policy")
    found = csp_findings(policy).values() if policy else ["no CSP"]
    log_out = site.log_out() if site.token else {}
    met = len(OSHP) - len(oshp_failures(site.header("/"), log_out))
    high = {path: high_severity(site, path) for path in ("/", PAGE)}
    return {
        **grades,
        "CSP Evaluator, the worst": min(found, key=SEVERITIES.index),
        f"OWASP Secure Headers, of {len(OSHP)}": met,
        "shcheck, missing": len(shcheck(site, PAGE)),
        "wapiti, passive": len(wapiti(site, "passive", 10)),
        "wapiti, active": len(wapiti(site, ACTIVE, 10)),
        "schemathesis, ignored_auth": len(ignored_auth(site, "/api/schema/")[1]),
        **{f"Lighthouse, high, {path}": count for path, count in high.items()},
    }


def high_severity(site: Site, path: str) -> int:
    return sum("High" in items for items in lighthouse(site, path).values())


if __name__ == "__main__":
    main()
