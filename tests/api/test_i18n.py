"""Is every sentence there in both languages, and does each reader get theirs?"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from api.i18n import LOCALE, accepted, negotiate, spoken, translator
from api.wording import duration, rate, share

API: Final = LOCALE.parent
FOLDER: Final = LOCALE / "zh_CN" / "LC_MESSAGES"
KEYWORDS: Final = {"_": None, "say": None, "ngettext": (1, 2), "plural": (1, 2)}


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    return read_po(io.BytesIO((FOLDER / "messages.po").read_bytes()), locale="zh_CN")


def used() -> set[str]:
    """Every English sentence in the code and the templates, as Babel finds them."""
    with (LOCALE / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    found = extract_from_dir(str(API), methods, options, KEYWORDS)
    return {text[0] if isinstance(text, tuple) else text for _, _, text, _, _ in found}


def test_every_sentence_is_translated_and_none_is_left_over(chinese: Catalog) -> None:
    told = {m.id[0] if isinstance(m.id, (list, tuple)) else m.id for m in chinese if m.id}

    assert used() == told


def said(message: Message) -> tuple[str, ...]:
    """Every form of a translation; an empty one where there is none."""
    given = message.string
    return tuple(given) if isinstance(given, (list, tuple)) else (given or "",)


def sentences(catalogue: Catalog) -> dict[str, tuple[str, ...]]:
    """Every sentence and how it is said, without the header: that names Babel's version."""
    return {str(message.id): said(message) for message in catalogue if message.id}


def test_no_translation_is_empty_or_doubtful(chinese: Catalog) -> None:
    for message in chinese:
        assert all(said(message)), message.id
        assert not message.fuzzy, message.id


def test_the_compiled_catalogue_says_what_the_readable_one_says(chinese: Catalog) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, chinese)
    compiled.seek(0)

    assert sentences(read_mo(compiled)) == sentences(
        read_mo(io.BytesIO((FOLDER / "messages.mo").read_bytes()))
    )


def test_a_translation_fills_in_the_values_of_its_sentence(chinese: Catalog) -> None:
    for message in chinese:
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, (list, tuple)) else (message.id,)
        wanted = set(re.findall(r"{\w+}", ids[-1]))
        assert all(wanted == set(re.findall(r"{\w+}", text)) for text in said(message)), message.id


def test_chinese_is_punctuated_in_full_width(chinese: Catalog) -> None:
    beside = re.compile(r"[一-鿿][,.;:()!?]|[,;:()!?][一-鿿]")
    for message in chinese:
        if message.id:
            assert not beside.search("".join(said(message))), message.id


def test_state_words_are_the_ones_operators_use() -> None:
    say = translator("zh-CN")
    words = ("up", "degraded", "down", "unreachable (upstream broken)", "unknown")

    assert ["正常", "降级", "中断", "不可达（上级中断）", "情况不明"] == [
        say(word) for word in words
    ]


def test_english_knows_one_and_many() -> None:
    say = translator("en")

    assert "1 school" == say.plural("{n} school", "{n} schools", 1)
    assert "1,101 schools" == say.plural("{n} school", "{n} schools", 1101)


def test_a_value_is_never_read_as_a_pattern() -> None:
    text = translator("en")("since {time}, {lasting}", time="{lasting}", lasting="{0.__class__}")

    assert "since {lasting}, {0.__class__}" == text


def test_a_language_we_do_not_speak_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no language 'fr'; choose one of zh-CN, en"):
        translator("fr")


@pytest.mark.parametrize(
    ("query", "cookie", "header", "default", "expected"),
    [
        pytest.param("en", "zh-CN", "zh", "zh-CN", "en", id="the query wins"),
        pytest.param(None, "en", "zh", "zh-CN", "en", id="then the cookie"),
        pytest.param(None, None, "en-GB", "zh-CN", "en", id="then the browser"),
        pytest.param(None, None, "fr", "en", "en", id="then the network"),
        pytest.param("xx", "yy", "*", "zz", "zh-CN", id="then Chinese"),
    ],
)
def test_negotiation(
    query: str | None, cookie: str | None, header: str | None, default: str, expected: str
) -> None:
    assert expected == negotiate(query, cookie, header, default)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("en;q=0.1, zh-Hans-CN;q=0.9", "zh-CN"),
        ("zh;q=0, en;q=0.5", "en"),
        ("zh;q=0", None),
        ("en;q=nonsense", None),
        ("", None),
        (None, None),
        ("," * 100_000 + "en", None),
    ],
)
def test_accept_language(header: str | None, expected: str | None) -> None:
    assert expected == accepted(header)


@pytest.mark.parametrize(
    ("tag", "expected"), [("zh_TW", "zh-CN"), (" EN ", "en"), ("../../etc", None), (None, None)]
)
def test_spoken(tag: str | None, expected: str | None) -> None:
    assert expected == spoken(tag)


@pytest.mark.parametrize(
    ("bps", "expected"),
    [
        (None, ("–", "")),
        (0.0, ("0", "bit/s")),
        (999.4e6, ("999", "Mbit/s")),
        (999.6e6, ("1", "Gbit/s")),
        (1e9, ("1", "Gbit/s")),
        (1.5e6, ("1.5", "Mbit/s")),
        (88.12e6, ("88.1", "Mbit/s")),
        (612.4e6, ("612", "Mbit/s")),
        (12.5e12, ("12.5", "Tbit/s")),
    ],
)
def test_a_rate_has_three_figures(bps: float | None, expected: tuple[str, str]) -> None:
    assert expected == rate(bps)


def test_an_unknown_share_is_not_zero() -> None:
    assert ["–", "0.0%", "8.1%", "61%", "104%"] == [
        share(ratio) for ratio in (None, 0.0, 0.081, 0.6124, 1.04)
    ]


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (59.9, "不到 1 分钟", "under a minute"),
        (60, "1 分钟", "1 minute"),
        (18 * 60, "18 分钟", "18 minutes"),
        (3 * 3600 + 5 * 60, "3 小时 5 分", "3 h 5 min"),
        (50 * 3600, "2 天 2 小时", "2 d 2 h"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(
    seconds: float, chinese: str, english: str
) -> None:
    assert chinese == duration(seconds, translator("zh-CN"))
    assert english == duration(seconds, translator("en"))


def test_the_catalogue_is_where_the_package_looks_for_it() -> None:
    assert (Path(LOCALE) / "zh_CN" / "LC_MESSAGES" / "messages.mo").is_file()
