"""Keys in the admin: a new one is shown once, in the answer to the form that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.db.models import ForeignKey, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers

from django_hardened.api_keys import announcements
from django_hardened.api_keys.models import APIKey, NotActive

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[APIKey]
else:
    ModelAdmin = admin.ModelAdmin

_TEMPLATE = "admin/hardened_api_keys/apikey/issued.html"
_FOREIGN = "%s belongs to somebody else: only a superuser may see the key that replaces it."


@admin.register(APIKey)
class APIKeyAdmin(ModelAdmin):
    """Who may add keys has them for themselves; a superuser, for everybody.

    Else the permission to add a key would be that to be anybody, superusers included. Those of
    others can be looked at and revoked.
    """

    list_display = ("name", "identifier", "owner", "scopes", "expires_at", "last_used_at", "active")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "expires_at")
    list_select_related = ("owner",)
    search_fields = ("name", "identifier")
    show_full_result_count = False  # counting a million rows takes longer than showing a page
    raw_id_fields = ("owner",)
    actions = ("rotate", "revoke")
    _written: ClassVar = ("name", "owner", "scopes", "networks", "expires_at")
    _kept: ClassVar = (
        *("identifier", "masked_hash", "created_at", "last_used_at", "revoked_at", "replaced_by"),
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._written if obj is None else (*self._written, *self._kept)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ()
        is_foreign = obj.owner_id != request.user.pk and not _is_superuser(request)
        return (*self._written, *self._kept) if is_foreign else ("owner", *self._kept)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse to guess at a hash, character by character, in the address of the list."""
        return not lookup.startswith("hash") and super().lookup_allowed(lookup, value, request)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        if db_field.name == "owner" and not _is_superuser(request):
            users = db_field.related_model._default_manager  # noqa: SLF001  # documented
            kwargs["queryset"] = users.filter(pk=request.user.pk)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> Any:
        return {"owner": request.user.pk, **super().get_changeform_initial_data(request)}

    @admin.display(boolean=True)
    def active(self, key: APIKey) -> bool:
        """Whether it is neither revoked nor expired."""
        return key.is_active()

    @admin.display(description="hash")
    def masked_hash(self, key: APIKey) -> str:
        """As much of the hash as tells two apart."""
        return f"HMAC-SHA-256, {key.hash[:6]}…"

    def save_model(self, request: HttpRequest, obj: APIKey, form: Any, change: bool) -> None:
        if change:  # what is not in the form may be another by now
            obj.save(update_fields=form.changed_data)
            return
        text = obj.make_secret()
        super().save_model(request, obj, form, change)
        announcements.created(obj)
        vars(obj)["issued_text"] = text

    def response_add(self, request: HttpRequest, obj: APIKey, *args: Any, **kwargs: Any) -> Any:
        # Not by a message, which would be kept in the session or in a cookie.
        return self._show(request, [(obj, vars(obj).pop("issued_text"))])

    @admin.action(description="Revoke selected API keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[APIKey]) -> None:
        """Revoke at once."""
        revoked = [key for key in queryset if key.revoke()]
        for key in revoked:
            self.log_change(request, key, "Revoked.")
        self.message_user(request, f"Revoked: {len(revoked)}.", messages.SUCCESS)

    @admin.action(description="Rotate selected API keys", permissions=["add"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[APIKey]) -> HttpResponseBase | None:
        """Replace keys; the old ones are good for a day more."""
        issued = []
        for key in queryset.select_related("owner"):
            if not _is_superuser(request) and key.owner_id != request.user.pk:
                self.message_user(request, _FOREIGN % key, messages.ERROR)
                continue
            try:
                issued.append(key.rotate())
            except NotActive as error:
                self.message_user(request, str(error), messages.ERROR)
                continue
            self.log_change(request, key, f"Replaced by {issued[-1][0].identifier}.")
        return self._show(request, issued) if issued else None

    def _show(self, request: HttpRequest, issued: list[tuple[APIKey, str]]) -> HttpResponseBase:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Copy the key now",
            "issued": issued,
        }
        request.current_app = self.admin_site.name
        response = TemplateResponse(request, _TEMPLATE, context)
        add_never_cache_headers(response)
        return response


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))
