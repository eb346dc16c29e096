"""`manage.py demo_data`: an author, three posts and an API token, which is printed."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db import transaction
from rest_framework.authtoken.models import Token

from blog.models import Post

POSTS = {
    "hello": ("Hello", "The first post. Its links lead to this site, whatever the client sends."),
    "hosts": ("Whose host is it?", "A cached page is served to the next reader too."),
    "limits": ("Sixty a minute", "That is what a stranger gets from the API."),
}


class Command(BaseCommand):
    help = "Creates an author, three posts and an API token, and prints the token."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        # No password: the author cannot log in before `manage.py changepassword ada`.
        ada, created = get_user_model().objects.get_or_create(username="ada")
        if created:
            ada.set_unusable_password()
            ada.save()
        for slug, (title, body) in POSTS.items():
            Post.objects.get_or_create(
                slug=slug, defaults={"title": title, "body": body, "author": ada}
            )
        token, _ = Token.objects.get_or_create(user=ada)
        self.stdout.write(token.key)
