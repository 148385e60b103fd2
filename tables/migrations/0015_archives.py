from django.db import migrations, models

from tables import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('tables', '0014_policy'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditArchive',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_number', models.BigIntegerField(unique=True)),
                ('last_number', models.BigIntegerField()),
                ('count', models.BigIntegerField()),
                ('first_previous_hash', models.CharField(blank=True, max_length=64)),
                ('last_hash', models.CharField(max_length=64)),
                ('file_name', models.CharField(max_length=255)),
                ('sha256', models.CharField(max_length=64)),
                ('checkpoint', models.JSONField()),
                ('before', models.CharField(blank=True, max_length=64)),
                ('archived_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['first_number'],
            },
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['action', 'number'], name='audit_of_action'),
        ),
        migrations.RunPython(append_only.hold, append_only.let_go),
    ]
