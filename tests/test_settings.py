"""Settings come from a mapping, are cast, and name everything that is wrong at once."""

import json
import re

import pytest

from local_host.surroundings import ROOT
from shared.settings import SettingsError, read_settings

ENOUGH = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "OPENAI_API_KEY": "k-secret"}


def test_defaults_are_those_of_the_sample() -> None:
    """What the sample file shows as a value is what the app uses without it."""
    sample = json.loads((ROOT / "local.settings.json.sample").read_text())["Values"]
    assert read_settings(ENOUGH) == read_settings({**sample, **ENOUGH})


def test_sample_names_every_setting_that_is_read() -> None:
    """A setting that the code reads stands in the sample, so that operators can find it."""
    code = (ROOT / "shared" / "settings.py").read_text()
    names = set(re.findall(r'read\.(?:text|number)\(\s*"(\w+)"', code))
    sample = json.loads((ROOT / "local.settings.json.sample").read_text())["Values"]
    assert names
    assert names - set(sample) == set()


def test_every_fault_is_named_at_once() -> None:
    """Missing and malformed settings are reported together, each by its name."""
    with pytest.raises(SettingsError) as caught:
        read_settings({"DOCUMENTS_IN_FLIGHT": "many", "SLICE_SECONDS": "0"})
    for name in ("AzureWebJobsStorage", "OPENAI_API_KEY", "DOCUMENTS_IN_FLIGHT", "SLICE_SECONDS"):
        assert name in str(caught.value)


def test_a_call_must_fit_into_a_slice() -> None:
    """A model timeout that outlasts its slice is refused; by itself it follows the slice."""
    with pytest.raises(SettingsError, match="MODEL_TIMEOUT_SECONDS"):
        read_settings({**ENOUGH, "MODEL_TIMEOUT_SECONDS": "60"})
    assert read_settings({**ENOUGH, "SLICE_SECONDS": "20"}).model_timeout_seconds == 15


def test_secrets_are_masked() -> None:
    """No key shows in what a log could print of the settings."""
    settings = read_settings({**ENOUGH, "EMAIL_ACCESS_KEY": "mail-secret"})
    assert "secret" not in repr(settings)
