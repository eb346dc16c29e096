"""Make the database of a site, and put into it who logs in, and something to see."""

from __future__ import annotations

from datetime import date
from io import StringIO

import django
from django.apps import apps
from django.core.management import call_command

PASSWORD = "c0rrect-horse-battery"


def fill() -> None:
    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("demo_data", stdout=StringIO())
    users = apps.get_model("auth.User").objects
    for name in ("admin", "changer"):
        users.create_superuser(name, f"{name}@example.com", PASSWORD)
    if not apps.is_installed("browser_site"):
        return
    models = apps.get_app_config("browser_site")
    for model, names in {
        "Author": ("Ada Lovelace", "Mary Shelley", "Emily Brontë"),
        "Reader": ("Reader One", "Reader Two"),
        "Shelf": ("Ground floor", "Cellar"),
        "Tag": ("classic", "gothic", "letters"),
    }.items():
        for name in names:
            models.get_model(model).objects.create(name=name)
    author = models.get_model("Author").objects.get(name="Mary Shelley")
    for number in range(1, 13):
        models.get_model("Book").objects.create(
            title=f"Volume {number:02}",
            slug=f"volume-{number:02}",
            kind="poems" if number % 2 else "novel",
            author=author,
            printed=date(1800 + number, 1, 1),
        )


if __name__ == "__main__":
    django.setup()
    fill()
