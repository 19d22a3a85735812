"""Mail through Azure Communication Services."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shared.domain.errors import MailBusy, MailRejected
from shared.domain.mail import Mail

if TYPE_CHECKING:
    from azure.communication.email import EmailClient
    from azure.core.exceptions import HttpResponseError

_BUSY = {408, 429, 500, 502, 503, 504}
_REMEDIES = {
    400: "the sender or the recipient is not valid; check EMAIL_SENDER and the address",
    401: "the key is not accepted; check EMAIL_ACCESS_KEY",
    403: "the key may not send from this sender; check EMAIL_SENDER and its domain",
    404: "there is no such mail service; check EMAIL_ENDPOINT",
    413: "the mail is too large; lower EMAIL_SIZE_LIMIT_MB",
}
NO_SERVICE = (
    "No mail was sent: no mail service is set up. "
    "Set EMAIL_ENDPOINT, EMAIL_ACCESS_KEY and EMAIL_SENDER."
)
DEFAULT_WAIT_SECONDS = 60.0


class AzureEmail:
    """Sends mail from one sender through one endpoint.

    `watch_seconds` is how long an accepted mail is watched for a late refusal.
    """

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        sender: str,
        *,
        watch_seconds: float = 20.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._endpoint = endpoint
        self._access_key = access_key
        self._sender = sender
        self._watch_seconds = watch_seconds
        self._sleep = sleep

    def send(self, mail: Mail) -> str:
        """Hand the mail over and watch it for a while; see the port `Mailer`.

        Once the service has accepted a mail, trouble in watching it is no reason to send it again.
        """
        if not (self._endpoint and self._access_key and self._sender):
            raise MailRejected(NO_SERVICE)
        with self._client() as client:
            operation = self._hand_over(client, mail)
            self._watch(client, operation)
            return operation

    def _client(self) -> EmailClient:
        from azure.communication.email import EmailClient
        from azure.core.credentials import AzureKeyCredential

        # No retries of the SDK's own: it would repeat a POST on 503, and sleep through a
        # Retry-After that is waited out in durable timers instead.
        return EmailClient(
            self._endpoint,
            AzureKeyCredential(self._access_key),
            retry_total=0,
            connection_timeout=10,
            read_timeout=45,
        )

    def _hand_over(self, client: EmailClient, mail: Mail) -> str:
        from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError

        operation = str(uuid.uuid5(uuid.NAMESPACE_URL, mail.key) if mail.key else uuid.uuid4())
        try:
            poller = client.begin_send(
                _message(mail, self._sender), operation_id=operation, polling=False
            )
        except ResourceExistsError:
            return operation  # this very mail was accepted before
        except HttpResponseError as error:
            raise _refusal(error) from error
        except (ValueError, AzureError) as error:
            raise _unreachable(error) from error
        return str(poller.result().get("id") or operation)

    def _watch(self, client: EmailClient, operation: str) -> None:
        """Raises `MailRejected` if the service gives the mail up while we look."""
        deadline = time.monotonic() + self._watch_seconds
        while (status := _look(client, operation)) and status.get("status") in {
            "NotStarted",
            "Running",
        }:
            pause = float(status["wait"])
            if time.monotonic() + pause > deadline:
                return
            self._sleep(pause)
        if status and status.get("status") in {"Failed", "Canceled"}:
            message = (status.get("error") or {}).get("message") or "no reason given"
            raise MailRejected(f"The mail service gave the mail up: {message}")


def _look(client: EmailClient, operation: str) -> dict[str, Any] | None:
    """The state of an accepted mail with the pause asked for; None if it cannot be seen."""
    from azure.core.exceptions import AzureError
    from azure.core.rest import HttpRequest

    url = f"/emails/operations/{quote(operation, safe='')}"
    request = HttpRequest("GET", url, params={"api-version": "2023-03-31"})
    try:
        response = client.send_request(request)
        if response.status_code != 200:
            return None
        status: dict[str, Any] = response.json()
    except (AzureError, ValueError):
        return None
    return {**status, "wait": _seconds(response.headers.get("Retry-After"), 1.0)}


def _message(mail: Mail, sender: str) -> dict[str, Any]:
    return {
        "senderAddress": sender,
        "recipients": {"to": [{"address": mail.to}]},
        "content": {"subject": mail.subject, "plainText": mail.text, "html": mail.html},
        "attachments": [
            {
                "name": attachment.name,
                "contentType": attachment.content_type,
                "contentInBase64": base64.b64encode(attachment.content).decode("ascii"),
            }
            for attachment in mail.attachments
        ],
        "userEngagementTrackingDisabled": True,
    }


def _refusal(error: HttpResponseError) -> MailBusy | MailRejected:
    code = error.status_code or 0
    if code in _BUSY:
        headers: Mapping[str, str] = getattr(error.response, "headers", {})
        wait = _seconds(headers.get("Retry-After"), DEFAULT_WAIT_SECONDS)
        return MailBusy(f"The mail service is busy (HTTP {code}).", wait)
    remedy = _REMEDIES.get(code, "see the mail service's log")
    return MailRejected(f"The mail service refused the mail (HTTP {code}): {remedy}.")


def _unreachable(error: Exception) -> MailBusy | MailRejected:
    if isinstance(error, ValueError):
        return MailRejected(
            "The mail service's settings cannot be used: EMAIL_ENDPOINT must be a web address "
            "and EMAIL_ACCESS_KEY a base64 key."
        )
    return MailBusy("The mail service cannot be reached.", DEFAULT_WAIT_SECONDS)


def _seconds(value: str | None, default: float) -> float:
    try:
        return max(float(value), 0.0) if value else default
    except ValueError:
        return default
