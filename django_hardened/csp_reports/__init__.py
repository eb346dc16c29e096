"""A place for browsers to report to.

``path("csp-reports/", include("django_hardened.csp_reports"))`` puts it into the URLconf, and
``HARDENED_CSP_REPORT_URI`` names it in the policy. It needs no database and keeps nothing: what was
blocked is counted, and the counts are logged, for ``manage.py csp_suggest`` to read.
"""

from __future__ import annotations

from django.urls import path

from django_hardened.csp_reports.views import receive

urlpatterns = [path("", receive, name="csp-reports")]
