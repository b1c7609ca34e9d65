"""The holidays of the first years, by the library's table of Missouri. The table is edited by a page."""

from datetime import UTC, datetime

from django.db import migrations

from evidence.records.business import missouri

# Years beyond these go by the library until somebody changes one of their days.
YEARS = 3


def fill(apps, schema_editor):
    holiday = apps.get_model("records", "Holiday")
    first = datetime.now(UTC).year
    holiday.objects.bulk_create(
        holiday(day=day, name=name, authority="public holidays of the State of Missouri")
        for year in range(first, first + YEARS)
        for day, name in missouri(year).items()
    )


class Migration(migrations.Migration):
    dependencies = [("records", "0001_requests")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
