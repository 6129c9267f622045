"""django-drip-campaigns: a drip goes to every user that its query finds, and is recorded after each mail."""

import json
import sys
import time
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import django
from django.conf import settings

WORK = json.loads(Path(sys.argv[1]).read_text("utf-8"))
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "drip"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": WORK["store"]}},
    EMAIL_HOST="127.0.0.1",
    EMAIL_PORT=WORK["port"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    SECRET_KEY="a secret of the benchmark",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from drip.models import Drip, QuerySetRule, SentDrip  # noqa: E402

CONTEXTS = {one["customer"]["email"]: one for one in WORK["contexts"]}


def main() -> None:
    """Prints one line of JSON."""
    call_command("migrate", verbosity=0)
    # Its texts know the user alone: the values stand on him, ready.
    User.add_to_class("customer", property(lambda user: CONTEXTS[user.email]["customer"]))
    User.add_to_class("products", property(lambda user: CONTEXTS[user.email]["products"]))
    User.objects.bulk_create(User(username=email, email=email) for email in CONTEXTS)
    drip = Drip.objects.create(
        name="seen", enabled=True, from_email=WORK["sender"], subject_template=_of_user(WORK["parts"]["subject"]),
        body_html_template=_of_user(WORK["parts"]["html"]),
    )  # fmt: skip
    QuerySetRule.objects.create(drip=drip, field_name="is_active", lookup_type="exact", field_value="1")
    before, began = _computed(), time.perf_counter()
    drip.drip.run()
    told = {"seconds": time.perf_counter() - began, "here": _computed() - before, "children": 0.0}
    assert SentDrip.objects.count() == len(CONTEXTS)
    print(json.dumps(told))


def _of_user(text: str) -> str:
    return text.replace("{{ customer.", "{{ user.customer.").replace("in products", "in user.products")


def _computed() -> float:
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
