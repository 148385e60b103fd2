import django.db.models.deletion
from django.db import migrations, models

from tables import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('tables', '0003_review_by_another'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='changerequest',
            options={'permissions': [('view_tables', 'Can see the tables and the change requests'), ('edit_tables', 'Can propose changes to the tables'), ('review_changes', 'Can approve and reject what others propose'), ('publish_releases', 'Can publish what is applied'), ('view_audit', 'Can see the audit history'), ('see_secrets', 'Can see the passwords in the tables')]},
        ),
        migrations.CreateModel(
            name='OriginalFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('table', models.CharField(max_length=32)),
                ('path', models.TextField()),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('has_password', models.BooleanField(default=False)),
                ('read_at', models.DateTimeField(auto_now_add=True)),
                ('actor_name', models.CharField(max_length=255)),
                ('cluster', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tables.cluster')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='originals', to='tables.changerequest')),
            ],
        ),
        migrations.CreateModel(
            name='OriginalPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('data', models.BinaryField()),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='tables.originalfile')),
            ],
        ),
        migrations.AddIndex(
            model_name='originalfile',
            index=models.Index(fields=['cluster', 'table', '-id'], name='originalfile_list'),
        ),
        migrations.AddConstraint(
            model_name='originalfile',
            constraint=models.UniqueConstraint(fields=('request', 'table'), name='originalfile_once_in_a_request'),
        ),
        migrations.AddConstraint(
            model_name='originalpart',
            constraint=models.UniqueConstraint(fields=('file', 'number'), name='originalpart_place'),
        ),
        migrations.RunPython(append_only.hold, migrations.RunPython.noop),
    ]
