"""django-post_office: mails are queued with their contexts, and `send_queued` renders and sends them."""

import json
import logging
import sys
import time
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import django
from django.conf import settings

WORK = json.loads(Path(sys.argv[1]).read_text("utf-8"))
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": WORK["store"]}},
    EMAIL_HOST="127.0.0.1",
    EMAIL_PORT=WORK["port"],
    EMAIL_BACKEND="post_office.EmailBackend",
    POST_OFFICE={
        "BATCH_SIZE": 5000,
        "THREADS_PER_PROCESS": WORK["connections"],
        "BATCH_DELIVERY_TIMEOUT": 600,
        "BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"},
    },
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
)
django.setup()
logging.disable(logging.CRITICAL)

from django.core.management import call_command  # noqa: E402
from post_office import mail  # noqa: E402
from post_office.models import EmailTemplate  # noqa: E402


def main() -> None:
    """Prints one line of JSON."""
    call_command("migrate", verbosity=0)
    parts = WORK["parts"]
    template = EmailTemplate.objects.create(
        name="seen", subject=parts["subject"], content=parts["text"], html_content=parts["html"]
    )
    headers = {
        "List-Unsubscribe": "<https://tea.example.com/letters/0123456789>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    mail.send_many(
        {
            "recipients": one["customer"]["email"],
            "sender": WORK["sender"],
            "template": template,
            "context": one,
            "headers": headers,
            "render_on_delivery": True,
        }
        for one in WORK["contexts"]
    )
    before, began = _computed(), time.perf_counter()
    sent, failed, again = mail.send_queued()
    told = {"seconds": time.perf_counter() - began, "here": _computed() - before, "children": 0.0}
    assert (sent, failed, again) == (len(WORK["contexts"]), 0, 0), (sent, failed, again)
    print(json.dumps(told))


def _computed() -> float:
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
