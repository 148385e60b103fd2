"""Log-in, one's own account, and people."""

from allauth.account import views as account
from django.urls import include, path

from mailadmin.accounts import second_factor, teams_views, views

#: Those of allauth's pages that change or show something, with the history told of it. They come first.
second_factor_pages = [
    path("totp/activate/", second_factor.ActivateTOTPView.as_view(), name="mfa_activate_totp"),
    path("totp/deactivate/", second_factor.DeactivateTOTPView.as_view(), name="mfa_deactivate_totp"),
    path("recovery-codes/", second_factor.ViewRecoveryCodesView.as_view(), name="mfa_view_recovery_codes"),
    path(
        "recovery-codes/generate/",
        second_factor.GenerateRecoveryCodesView.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "recovery-codes/download/",
        second_factor.DownloadRecoveryCodesView.as_view(),
        name="mfa_download_recovery_codes",
    ),
]

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/second-factor/", include(second_factor_pages)),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path("theme/", views.theme, name="theme"),
    path("people/", views.people_list, name="people"),
    path("people/add/", views.person_add, name="person-add"),
    path("people/roles/<int:pk>/", views.role_decide, name="role-decide"),
    path("people/teams/", teams_views.listing, name="teams"),
    path("people/teams/<int:pk>/", teams_views.edit, name="team-edit"),
    path("people/teams/<int:pk>/remove/", teams_views.remove, name="team-remove"),
    path("people/teams/<int:pk>/delegate/", teams_views.delegate_to_team, name="team-delegate"),
    path("people/delegations/<int:pk>/", teams_views.delegation, name="delegation-edit"),
    path("people/delegations/<int:pk>/remove/", teams_views.take_back, name="delegation-remove"),
    path("people/<int:pk>/", views.person_edit, name="person-edit"),
    path("people/<int:pk>/delegate/", teams_views.delegate_to_person, name="person-delegate"),
    path("people/<int:pk>/switch/", views.person_switch, name="person-switch"),
    path("people/<int:pk>/password/", views.person_password, name="person-password"),
]
