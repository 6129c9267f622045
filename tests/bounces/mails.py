"""Mails that come back, in the forms in which mail servers and providers write them. `{to}` is our signed address."""

from textwrap import dedent

OURS = """\
Return-Path: <{to}>
From: Fine Shop <hello@shop.example>
To: mei@example.com
Subject: We miss you
Message-ID: <0123456789abcdef@shop.example>
List-Unsubscribe: <https://shop.example/u/abc>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Content-Type: text/plain

Hello. Your account does not exist for long; our mailbox is full of 5.1.1 tea.
"""

POSTFIX = """\
Return-Path: <>
Delivered-To: {to}
Received: by mx.shop.example (Postfix)
\tid 4F3B1C0; Sun,  1 Mar 2026 12:00:05 +0000 (UTC)
Date: Sun,  1 Mar 2026 12:00:05 +0000 (UTC)
From: MAILER-DAEMON@mx.shop.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4F3B1C0.1772366405/mx.shop.example"
Message-Id: <20260301120005.4F3B1C0@mx.shop.example>

This is a MIME-encapsulated message.

--4F3B1C0.1772366405/mx.shop.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.shop.example.

<mei@example.com>: host mx.example.com[192.0.2.1] said: {reply} (in reply to RCPT TO command)

--4F3B1C0.1772366405/mx.shop.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.shop.example
X-Postfix-Queue-ID: 4F3B1C0
X-Postfix-Sender: rfc822; {to}
Arrival-Date: Sun,  1 Mar 2026 12:00:04 +0000 (UTC)

Final-Recipient: rfc822; mei@example.com
Original-Recipient: rfc822;mei@example.com
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; {reply}

--4F3B1C0.1772366405/mx.shop.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

{ours}
--4F3B1C0.1772366405/mx.shop.example--
"""

EXIM = """\
Return-path: <>
Envelope-to: {to}
Received: from Debian-exim by mx.shop.example with local (Exim 4.96.2)
\tid 1qAbCd-000123-45
X-Failed-Recipients: mei@example.com
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.shop.example>
To: {to}
Content-Type: multipart/report; report-type=delivery-status; boundary=1772366405-eximdsn-1804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1qAbCd-000123-45@mx.shop.example>

--1772366405-eximdsn-1804289383
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  mei@example.com
    host mx.example.com [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<mei@example.com>:
    550 No such user here

--1772366405-eximdsn-1804289383
Content-type: message/delivery-status

Reporting-MTA: dns; mx.shop.example

Action: failed
Final-Recipient: rfc822;mei@example.com
Status: 5.0.0
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; 550 No such user here

--1772366405-eximdsn-1804289383
Content-type: message/rfc822

{ours}
--1772366405-eximdsn-1804289383--
"""

EXIM_OF_OLD = """\
Return-path: <>
Envelope-to: {to}
X-Failed-Recipients: mei@example.com
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.shop.example>
To: {to}
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1qAbCd-000123-46@mx.shop.example>

This message was created automatically by mail delivery software (Exim 4.96.2).

The following address(es) failed:

  mei@example.com
    Unrouteable address

------ This is a copy of the message, including all the headers. ------

{ours}
"""

EXIM_WARNING = """\
Return-path: <>
Envelope-to: {to}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.shop.example>
To: {to}
Subject: Warning: message 1qAbCd-000123-45 delayed 24 hours
Message-Id: <E1qAbCd-000123-47@mx.shop.example>

This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on mx.shop.example.
No action is required on your part.
"""

EXCHANGE = """\
From: <postmaster@example.com>
To: <{to}>
Date: Sun, 1 Mar 2026 12:00:05 +0000
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="_4f2d3c1e-ba98-7654-3210-fedcba987654_"
Content-Language: en-US
Message-ID: <5a4b3c2d-1e0f-4a5b-8c7d-6e5f4a3b2c1d@AM0PR01MB1234.eurprd01.prod.exchangelabs.com>
Subject: Undeliverable: We miss you
Auto-Submitted: auto-replied
X-MS-Exchange-Message-Is-Ndr:

--_4f2d3c1e-ba98-7654-3210-fedcba987654_
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="_inner_"

--_inner_
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Your message to mei@example.com couldn't be delivered.=20
mei wasn't found at example.com.

--_inner_
Content-Type: text/html; charset="us-ascii"

<html><p>Your message couldn't be delivered.</p></html>

--_inner_--

--_4f2d3c1e-ba98-7654-3210-fedcba987654_
Content-Type: message/delivery-status
Content-Transfer-Encoding: base64

{base64}
--_4f2d3c1e-ba98-7654-3210-fedcba987654_
Content-Type: message/rfc822

{ours}
--_4f2d3c1e-ba98-7654-3210-fedcba987654_--
"""

EXCHANGE_STATUS = """\
Reporting-MTA: dns;AM0PR01MB1234.eurprd01.prod.exchangelabs.com
Received-From-MTA: dns;mx.shop.example
Arrival-Date: Sun, 1 Mar 2026 12:00:04 +0000

Final-Recipient: rfc822;mei@example.com
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient mei@example.com not found by SMTP address lookup
"""

GMAIL = """\
Return-Path: <>
Delivered-To: {to}
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: {to}
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: <0123456789abcdef@shop.example>
In-Reply-To: <0123456789abcdef@shop.example>
X-Failed-Recipients: mei@example.com
Message-ID: <65e1.0a1b2c.GMR@mx.google.com>
Content-Type: multipart/report; boundary="000000000000abc"; report-type=delivery-status

--000000000000abc
Content-Type: multipart/related; boundary="000000000000def"

--000000000000def
Content-Type: text/plain; charset="UTF-8"


** Address not found **

Your message wasn't delivered to mei@example.com because the address couldn't be found.

--000000000000def--
--000000000000abc
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Arrival-Date: Sun, 01 Mar 2026 04:00:04 -0800 (PST)
X-Original-Message-ID: <0123456789abcdef@shop.example>

Final-Recipient: rfc822; mei@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try
 550-5.1.1 double-checking the recipient's email address for typos or
 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser x12-20020a05.123 - gsmtp
Last-Attempt-Date: Sun, 01 Mar 2026 04:00:05 -0800 (PST)

--000000000000abc
Content-Type: text/rfc822-headers

Return-Path: <{to}>
Subject: We miss you

--000000000000abc--
"""

QMAIL = """\
Return-Path: <>
Delivered-To: {to}
Received: (qmail 12345 invoked for bounce); 1 Mar 2026 12:00:05 -0000
Date: 1 Mar 2026 12:00:05 -0000
From: MAILER-DAEMON@mx.shop.example
To: {to}
Subject: failure notice

Hi. This is the qmail-send program at mx.shop.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<mei@example.com>:
192.0.2.1 does not like recipient.
Remote host said: 550 sorry, no mailbox here by that name (#5.1.1)
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

{ours}
"""

QQ = """\
From: PostMaster <PostMaster@qq.com>
To: {to}
Subject: =?utf-8?B?5p2l6IeqcXEuY29t55qE6YCA5L+h?=
Mime-Version: 1.0
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64
Auto-Submitted: auto-replied

{base64}
"""
QQ_TEXT = "<div>很抱歉,您发送的邮件被退回:收件人邮件地址(mei@example.com)不存在,邮件无法送达。</div>"
QQ_FULL = "<div>邮件被退回:收件人(mei@example.com)的邮箱容量已满,550 Mailbox is full</div>"

NETEASE = """\
From: "Postmaster" <postmaster@163.com>
To: {to}
Subject: =?gbk?B?z7XNs83L0MU=?=
MIME-Version: 1.0
Content-Type: multipart/report; boundary="=_163"; report-type=delivery-status

--=_163
Content-Type: text/plain; charset=gbk
Content-Transfer-Encoding: 8bit

{gbk}

--=_163
Content-Type: message/delivery-status

Reporting-MTA: dns; m12-11.163.com

Final-Recipient: rfc822;mei@example.com
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp;SMTP error, RCPT TO: 550 User not found: mei@example.com

--=_163--
"""

YAHOO = """\
Return-Path: <>
To: fbl@shop.example
From: "Yahoo! Mail AntiSpam Feedback" <feedback@arf.mail.yahoo.com>
Subject: FW: We miss you
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
 boundary="----------=_1772366405-1234-5"

------------=_1772366405-1234-5
Content-Type: text/plain; charset="UTF-8"
Content-Disposition: inline

This is an email abuse report for an email message from shop.example on Sun, 01 Mar 2026 12:00:05 +0000

------------=_1772366405-1234-5
Content-Disposition: inline
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Yahoo!-Mail-Feedback/2.0
Version: 0.1
Original-Mail-From: <{to}>
Original-Rcpt-To: redacted@yahoo.example
Received-Date: Sun, 01 Mar 2026 12:00:05 +0000
Reported-Domain: shop.example

------------=_1772366405-1234-5
Content-Disposition: inline
Content-Type: message/rfc822

{ours}
------------=_1772366405-1234-5--
"""

JMRP = """\
From: staff@hotmail.com
To: fbl@shop.example
Subject: complaint about message from 192.0.2.9
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="9B3C"

--9B3C
Content-Type: message/rfc822
Content-Disposition: attachment

X-HmXmrOriginalRecipient: mei@outlook.example
{ours}
--9B3C--
"""

OUT_OF_OFFICE = """\
Return-Path: <>
From: Mei <mei@example.com>
To: {to}
Subject: Automatic reply: We miss you
Auto-Submitted: auto-generated
X-Auto-Response-Suppress: All
Content-Type: text/plain

I am away until 5.1.2027. My mailbox is full of work; user unknown to nobody.
"""

VACATION = """\
From: Mei <mei@example.com>
To: {to}
Subject: Out of office
Auto-Submitted: auto-replied (vacation)
Precedence: bulk

Back on Monday.
"""

PERSON = """\
From: Mei <mei@example.com>
To: {to}
Subject: Re: We miss you

Thank you! Is 5.1.1 the price?
"""

LEAVE = """\
Return-Path: <mei@example.com>
From: Mei <mei@example.com>
To: {to}
Subject: unsubscribe

"""


def written(form: str, to: str, **more: str) -> bytes:
    """A mail in one of these forms, with the lines of the net."""
    values = {"to": to, "ours": OURS.format(to=to), **more}
    return dedent(form).format(**values).replace("\n", "\r\n").encode()


def postfix(to: str, status: str = "5.1.1", action: str = "failed", reply: str = "") -> bytes:
    """What Postfix writes of one recipient."""
    code = "450" if status.startswith("4") else "550"
    return written(POSTFIX, to, status=status, action=action, reply=reply or f"{code} {status} no")
