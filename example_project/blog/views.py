"""The pages of the blog."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import DetailView, ListView

from blog.models import Post, PostQuerySet
from django_hardened.cache import cache_page


# One copy for everybody: no page of the blog shows who is logged in.
@method_decorator(cache_page(60), name="dispatch")
class PostListView(ListView):
    paginate_by = 10

    def get_queryset(self) -> PostQuerySet:
        return Post.objects.published().select_related("author")


class PostDetailView(DetailView):
    def get_queryset(self) -> PostQuerySet:
        return Post.objects.published().select_related("author")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            permalink=self.request.build_absolute_uri(self.object.get_absolute_url()),
            # Lazy: the fragment that lists them is cached, and asks only when it is not.
            latest_posts=Post.objects.published()[:5],
        )


@method_decorator(never_cache, name="dispatch")
class AccountView(LoginRequiredMixin, ListView):
    template_name = "blog/account.html"

    def get_queryset(self) -> PostQuerySet:
        return self.request.user.posts.all()
