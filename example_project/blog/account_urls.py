"""Logging in and out, and a forgotten password: Django's own views on two templates."""

from __future__ import annotations

from django.contrib.auth import views as auth_views
from django.urls import path

from blog.views import AccountView

FORM = "registration/form.html"
MESSAGE = "registration/message.html"

urlpatterns = [
    path("", AccountView.as_view(), name="account"),
    path(
        "login/",
        auth_views.LoginView.as_view(
            template_name=FORM,
            redirect_authenticated_user=True,
            extra_context={"title": "Log in", "offer_password_reset": True},
        ),
        name="login",
    ),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
    path(
        "password-reset/",
        auth_views.PasswordResetView.as_view(
            template_name=FORM,
            email_template_name="registration/password_reset_email.txt",
            subject_template_name="registration/password_reset_subject.txt",
        ),
        name="password_reset",
    ),
    path(
        "password-reset/sent/",
        auth_views.PasswordResetDoneView.as_view(
            template_name=MESSAGE,
            extra_context={"message": "If that address has an account, a link is on its way."},
        ),
        name="password_reset_done",
    ),
    path(
        "password-reset/complete/",
        auth_views.PasswordResetCompleteView.as_view(
            template_name=MESSAGE,
            extra_context={"message": "Your password is set. You may log in now."},
        ),
        name="password_reset_complete",
    ),
    path(
        "password-reset/<uidb64>/<token>/",
        auth_views.PasswordResetConfirmView.as_view(template_name=FORM),
        name="password_reset_confirm",
    ),
]
