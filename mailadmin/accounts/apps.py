from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "mailadmin.accounts"
    label = "accounts"
    verbose_name = "people"

    def ready(self) -> None:
        from mailadmin.accounts import roles, second_factor

        # Django makes permission rows after a migration; groups that hold them can only follow then.
        post_migrate.connect(roles.sync_groups, dispatch_uid="mailadmin.accounts.sync_groups")
        second_factor.connect()
