"""Does a secret open where it should, and show itself nowhere?"""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from edunet.errors import ConfigError
from edunet.inventory.secret import Secret, SecretRef

READER: TypeAdapter[SecretRef] = TypeAdapter(Secret)


def read(written: object) -> SecretRef:
    return READER.validate_python(written)


def test_a_variable_is_opened_when_it_is_used() -> None:
    secret = read("${SNMP_COMMUNITY}")

    assert "s3cret" == secret.open({"SNMP_COMMUNITY": "s3cret"})
    assert ("env", "${SNMP_COMMUNITY}", False) == (secret.source, secret.place, secret.literal)


def test_a_variable_that_is_not_set_is_named_with_its_remedy() -> None:
    with pytest.raises(ConfigError, match=r"^\$\{C\} is not set; export C=\.\.\.$"):
        read("${C}").open({})


def test_a_file_is_read_without_its_last_newline(tmp_path: Path) -> None:
    file = tmp_path / "priv"
    file.write_text("s3cret\n")

    assert "s3cret" == read({"file": str(file)}).open()


def test_a_file_that_cannot_be_read_is_named_and_its_content_is_not(tmp_path: Path) -> None:
    file = tmp_path / "priv"
    with pytest.raises(ConfigError, match="No such file"):
        read({"file": str(file)}).open()

    file.write_bytes(b"s3cret\xff")
    with pytest.raises(ConfigError, match="not UTF-8") as raised:
        read({"file": str(file)}).open()
    assert "s3cret" not in str(raised.value)


def test_a_literal_opens_and_never_shows_itself() -> None:
    secret = read("s3cret")

    assert "s3cret" == secret.open()
    assert secret.literal
    assert "s3cret" not in f"{secret} {secret!r} {secret.place} {[secret]}"


@pytest.mark.parametrize(
    "written",
    [["s3cret"], {"fil": "s3cret"}, {"file": ["s3cret"]}, "", None, 5, "${s3cret-x}", "${}", "${A"],
)
def test_what_is_no_secret_is_refused_without_being_repeated(written: object) -> None:
    with pytest.raises(ValidationError, match=r"write \$\{NAME\} or \{file: PATH\}") as raised:
        read(written)

    assert "s3cret" not in raised.value.errors(include_url=False)[0]["msg"]


def test_a_reference_that_was_read_is_accepted_as_it_is() -> None:
    assert read("${A}") == read(read("${A}"))
