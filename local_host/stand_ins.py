"""Which real services the user has named, and the app's settings for those nobody named."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from local_host.azurite import ACCOUNT, KEY

MODEL_SETTINGS = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT")
MAIL_SETTINGS = ("EMAIL_ENDPOINT",)
OWN_SETTINGS = (*MODEL_SETTINGS, "AZURE_OPENAI_API_KEY", *MAIL_SETTINGS, "EMAIL_ACCESS_KEY")


@dataclass(frozen=True)
class RealServices:
    """The setting by which the user named a real model or mail service; empty for a stand-in."""

    model: str = ""
    mail: str = ""

    def describe(self) -> list[str]:
        """One line for each real service in use: it costs money, or reaches people."""
        lines = []
        if self.model:
            lines.append(f"{self.model} is set: the real language model answers, and is paid for.")
        if self.mail:
            lines.append(f"{self.mail} is set: mails are really sent.")
        return lines


def find_real_services(environment: Mapping[str, str]) -> RealServices:
    """Return which services the environment names."""
    return RealServices(
        model=next((name for name in MODEL_SETTINGS if environment.get(name)), ""),
        mail=next((name for name in MAIL_SETTINGS if environment.get(name)), ""),
    )


def without_real_services(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of somebody who named no service: tests must not spend money."""
    return {name: value for name, value in environment.items() if name not in OWN_SETTINGS}


def storage_settings(port: int) -> dict[str, str]:
    """Settings that make the app use Azurite on this port."""
    return {
        "AzureWebJobsStorage": f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};"
        f"AccountKey={KEY};BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
    }


def model_settings(url: str) -> dict[str, str]:
    """Settings that make the app ask the stand-in model."""
    return {"OPENAI_API_KEY": "stand-in", "OPENAI_BASE_URL": f"{url}/v1"}


def mail_settings(url: str, key: str) -> dict[str, str]:
    """Settings that make the app send through the stand-in mail service."""
    sender = "DoNotReply@policy-reader.example"
    return {"EMAIL_ENDPOINT": url, "EMAIL_ACCESS_KEY": key, "EMAIL_SENDER": sender}


def make_mail_key() -> str:
    """Return an access key as the mail service hands them out."""
    return base64.b64encode(secrets.token_bytes(32)).decode()
