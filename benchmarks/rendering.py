"""Messages written: in this process, in one child and in two, against Jinja alone, `str.format` and EmailMessage.

`python -m benchmarks.rendering`; needs no store. Times are of the wall, so the machine should have nothing else to do.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from zoneinfo import ZoneInfo

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from benchmarks.generate import NOW
from benchmarks.measure import Comparison, Sample, in_turns, table, timed
from engine.render import Content, Job, MailHeaders, Message, Money, Presses, Template, compile_message, parse_message
from engine.render import render as rendered
from engine.render.job import write

MAILS = 500
_URL = "https://tea.example.com/u/0123456789"
_TEXT = """---
subject: {{ customer.first_name | default('Friend') }}, 10% for you until {{ offer.expires_at | date }}
preheader: Your code {{ offer.code }} waits
---
Hello {{ customer.first_name | default('Friend') }},

you have spent **{{ customer.lifetime_spend | money }}** with us. With `{{ offer.code }}` the next order costs less:

{% for one in customer.picks %}
- [{{ one.title }}]({{ one.url }}) {{ one.price | money }}
{% endfor %}

{% if customer.tier == 'gold' %}
As a gold customer you pay no postage.
{% endif %}

[To the shop](https://tea.example.com/?code={{ offer.code }})
"""
#: The same mail as most would write it for Jinja alone: text and page, with the layout around it.
_PLAIN = """Hello {{ customer.first_name or 'Friend' }},

you have spent {{ spend }} with us. With {{ offer.code }} the next order costs less:

{% for one in customer.picks %}- {{ one.title }} <{{ one.url }}> {{ one.shown }}
{% endfor %}
{% if customer.tier == 'gold' %}As a gold customer you pay no postage.{% endif %}

To the shop: https://tea.example.com/?code={{ offer.code }}
"""


def _context(number: int) -> dict[str, dict[str, object]]:
    picks = [
        {
            "title": f"Oolong {one}",
            "url": f"https://tea.example.com/p/{one}",
            "price": Money(1200 + one, "CNY"),
            "shown": "¥12",
        }
        for one in range(number % 7, number % 7 + 4)
    ]
    name, tier = ("Mei", "Анна", "지우")[number % 3], ("gold", "silver")[number % 2]
    customer = {"first_name": name, "lifetime_spend": Money(123_400 + number, "CNY"), "picks": picks, "tier": tier}
    offer = {"code": f"BACK10-{number:010}", "expires_at": NOW + timedelta(days=30)}
    brand = {"name": "Pine & Jasmine Tea House", "address": "18 Wukang Road", "website": "https://tea.example.com"}
    return {"customer": customer, "event": {}, "offer": offer, "brand": brand}


def _job(template: Template, number: int) -> Job:
    headers = MailHeaders(
        sender="Tea House <hello@tea.example.com>", to=f"c{number}@customers.example", date=NOW,
        message_id=f"<{number}@tea.example.com>", unsubscribe_url=_URL,
    )  # fmt: skip
    return Job(template, "email", _context(number), "en", ZoneInfo("Europe/Berlin"), "CNY", _URL, headers)


def _textbook(job: Job, content: Content) -> bytes:
    assert job.headers is not None
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = job.headers.sender, job.headers.to, content.subject
    mail["Message-ID"], mail["Date"] = job.headers.message_id, job.headers.date
    mail["List-Unsubscribe"] = f"<{_URL}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(content.text)
    mail.add_alternative(content.html, subtype="html")
    return mail.as_bytes()


def measure(mails: int = MAILS) -> list[Comparison]:
    """Everything in turns."""
    message = parse_message("messages/offer/en.md", _TEXT)
    assert isinstance(message, Message), message
    template = compile_message(message)
    assert isinstance(template, Template), template
    jobs = [_job(template, number) for number in range(mails)]
    one, two = Presses(1), Presses(2)
    environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=True)
    page = _render(template, jobs[0]).html.replace("{", "{{").replace("}", "}}")
    plain, html = environment.from_string(_PLAIN), environment.from_string("{% raw %}" + page + "{% endraw %}" + _PLAIN)
    formatted = page + "{name} {code} {spend}"

    def jinja(job: Job) -> object:
        values = {**job.context, "spend": "¥1,234"}
        return plain.render(values), html.render(values)

    def bare(job: Job) -> object:
        return formatted.format(
            name=job.context["customer"]["first_name"], code=job.context["offer"]["code"], spend="¥1"
        )

    subjects: Sequence[Callable[[], object]] = (
        lambda: [write(job) for job in jobs],
        lambda: [_render(template, job) for job in jobs],
        lambda: list(one.write(jobs)),
        lambda: list(two.write(jobs)),
        lambda: [_textbook(job, _render(template, job)) for job in jobs],
        lambda: [jinja(job) for job in jobs],
        lambda: [bare(job) for job in jobs],
    )
    for subject in subjects:
        subject()  # what is compiled once is compiled now
    samples = in_turns(*((lambda subject=subject: timed(subject) / mails) for subject in subjects))
    one.close()
    two.close()
    return _compared(samples)


def _compared(samples: Sequence[Sample]) -> list[Comparison]:
    here, alone, child, children, textbook, jinja, bare = samples
    batch = f"batches of {MAILS}"
    return [
        Comparison("write a mail (render, build)", here, alone, aim=2.0, count=1, note="against rendering alone"),
        Comparison("write a mail", here, textbook, aim=1 / 6, count=1, note="against rendering and EmailMessage"),
        Comparison(
            "write a mail in a limited child", child, here, aim=1.15, count=1, note=f"against in process; {batch}"
        ),
        Comparison("write a mail in two children", children, here, count=1, note=f"against in process; {batch}"),
        Comparison("write a mail", here, jinja, count=1, note="against a text and a page in Jinja alone"),
        Comparison("write a mail", here, bare, count=1, note="against str.format"),
    ]


def _render(template: Template, job: Job) -> Content:
    return rendered(template, job.context, job.locale, job.zone, job.currency, job.unsubscribe_url)


if __name__ == "__main__":
    print(table(measure()))
