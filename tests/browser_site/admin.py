"""The library in the admin, with as many of its widgets as there are."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from browser_site.models import Author, Book, Chapter, Copy, Reader, Shelf, Tag


class ChapterInline(admin.TabularInline):
    model = Chapter
    extra = 1


class CopyInline(admin.StackedInline):
    model = Copy
    extra = 0
    classes = ["collapse"]


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    list_display = ["title", "kind", "author", "printed", "is_lent"]
    list_editable = ["is_lent"]
    list_filter = ["kind", "shelf", "printed"]
    list_per_page = 10
    search_fields = ["title"]
    date_hierarchy = "printed"
    autocomplete_fields = ["author"]
    raw_id_fields = ["owner"]
    filter_horizontal = ["tags"]
    filter_vertical = ["readers"]
    prepopulated_fields = {"slug": ["title"]}
    radio_fields = {"kind": admin.HORIZONTAL}
    save_as = True
    actions = ["lend"]
    inlines = [ChapterInline, CopyInline]
    fieldsets = [
        (None, {"fields": ["title", "slug", "kind", "author", "shelf", "owner"]}),
        ("Whose, and when", {"fields": ["tags", "readers", "printed", "lent", "is_lent"]}),
        ("More", {"classes": ["collapse"], "fields": ["note"]}),
    ]

    @admin.action(description="Lend the chosen books")
    def lend(self, request: HttpRequest, queryset: QuerySet[Book]) -> None:
        self.message_user(request, f"{queryset.update(is_lent=True)} lent.")


@admin.register(Author, Reader, Shelf, Tag)
class NamedAdmin(admin.ModelAdmin):
    search_fields = ["name"]
