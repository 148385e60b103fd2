"""Where everything is found. Only what the panel uses of allauth is here: nobody signs up, nothing goes by e-mail."""

from django.urls import include, path

urlpatterns = [
    path("", include("mailadmin.accounts.urls")),
    path("", include("tables.urls")),
]
