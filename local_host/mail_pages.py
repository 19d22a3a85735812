"""The pages on which the stored mails are read."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from local_host.mail_box import KeptMail

PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'"
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; "
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
)
"""A mail runs no script and fetches nothing; its links open in a tab of their own."""

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4rem .8rem; border-bottom: 1px solid #ccc }
pre { white-space: pre-wrap; background: #f4f4f4; padding: 1rem }
iframe { width: 100%; height: 32rem; border: 1px solid #ccc }
"""


def list_page(mails: Sequence[KeptMail]) -> str:
    """All mails, newest first."""
    if not mails:
        return _page("Mails", "<p>No mail was sent yet. Reload this page to look again.</p>")
    rows = "".join(
        f"<tr><td>{escape(mail.header('Date'))}</td><td>{escape(mail.header('To'))}</td>"
        f'<td><a href="/mails/{mail.number}">{escape(mail.header("Subject"))}</a></td>'
        f"<td>{len(mail.attachments) or ''}</td></tr>"
        for mail in reversed(mails)
    )
    head = "<tr><th>Date</th><th>To</th><th>Subject</th><th>Files</th></tr>"
    return _page("Mails", f"<table>{head}{rows}</table>")


def mail_page(mail: KeptMail) -> str:
    """One mail: headers, files, HTML in a frame that can do nothing, and text."""
    headers = "".join(
        f"<tr><th>{name}</th><td>{escape(mail.header(name))}</td></tr>"
        for name in ("From", "To", "Cc", "Date")
        if mail.header(name)
    )
    files = "".join(
        f'<li><a href="/mails/{mail.number}/attachments/{place}" download>{escape(file.name)}</a> '
        f"({len(file.content):,} bytes)</li>"
        for place, file in enumerate(mail.attachments, start=1)
    )
    parts = [f'<p><a href="/">All mails</a></p><table>{headers}</table>']
    parts.append(f"<h2>Files</h2><ul>{files}</ul>" if files else "")
    if mail.body("html") is not None:
        frame = 'sandbox="allow-popups allow-popups-to-escape-sandbox" title="The mail as HTML"'
        parts.append(f'<h2>HTML</h2><iframe {frame} src="/mails/{mail.number}/html"></iframe>')
    text = mail.body("plain")
    parts.append("" if text is None else f"<h2>Text</h2><pre>{escape(text)}</pre>")
    parts.append(f'<p><a href="/mails/{mail.number}/eml" download>The mail as a file</a></p>')
    return _page(mail.header("Subject"), "".join(parts))


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{body}"
        "<p><small>A stand-in for a mail service: nothing here was really sent.</small></p>"
        "</body></html>"
    )
