"""The routes by which the stored mails are read, in a browser or as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from local_host.mail_box import KeptMail, MailBox
from local_host.mail_pages import MAIL_POLICY, PAGE_POLICY, list_page, mail_page


@dataclass(frozen=True)
class Reading:
    """Handlers over one box."""

    box: MailBox

    def routes(self) -> list[web.RouteDef]:
        """What is to be added to an application."""
        return [
            web.get("/", self.show_list),
            web.get("/api/mails", self.list_json),
            web.get(r"/mails/{n:\d+}", self.show_mail),
            web.get(r"/mails/{n:\d+}/html", self.show_html),
            web.get(r"/mails/{n:\d+}/eml", self.download_mail),
            web.get(r"/mails/{n:\d+}/attachments/{k:\d+}", self.download_attachment),
        ]

    async def show_list(self, request: web.Request) -> web.Response:
        """The page of all mails."""
        del request
        return _html(list_page(self.box.read_all()), PAGE_POLICY)

    async def list_json(self, request: web.Request) -> web.Response:
        """All mails, oldest first."""
        del request
        return web.json_response([mail.to_json() for mail in self.box.read_all()])

    async def show_mail(self, request: web.Request) -> web.Response:
        """The page of one mail."""
        return _html(mail_page(self._find(request)), PAGE_POLICY)

    async def show_html(self, request: web.Request) -> web.Response:
        """A mail's HTML alone, for the frame."""
        html = self._find(request).body("html")
        if html is None:
            raise web.HTTPNotFound(text="This mail has no HTML.")
        return _html(f'<base target="_blank">{html}', MAIL_POLICY)

    async def download_mail(self, request: web.Request) -> web.Response:
        """The `.eml` file."""
        mail = self._find(request)
        return _download(mail.file.name, "message/rfc822", mail.file.read_bytes())

    async def download_attachment(self, request: web.Request) -> web.Response:
        """The k-th file of a mail, from 1."""
        files = self._find(request).attachments
        place = int(request.match_info["k"])
        if not 1 <= place <= len(files):
            raise web.HTTPNotFound(text=f"This mail has {len(files)} files.")
        file = files[place - 1]
        return _download(file.name, file.content_type, file.content)

    def _find(self, request: web.Request) -> KeptMail:
        try:
            return self.box.read(int(request.match_info["n"]))
        except IndexError:
            raise web.HTTPNotFound(text="There is no such mail.") from None


def _html(text: str, policy: str) -> web.Response:
    headers = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}
    return web.Response(text=text, content_type="text/html", headers=headers)


def _download(name: str, content_type: str, content: bytes) -> web.Response:
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(body=content, content_type=content_type, headers=headers)
