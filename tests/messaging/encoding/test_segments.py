"""Segments by tables, and by properties against a count that is slow and plain."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from messaging.encoding import alphabet, segments
from messaging.encoding.segments import Encoding

GSM_7_BIT = (
    "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWO_SEPTETS = "\f^{}\\[~]|€"

# Texts near the limits, of characters that cost 1 and 2, are what tells a right count from an almost right one.
gsm_texts = st.text(st.sampled_from(GSM_7_BIT + TWO_SEPTETS * 8), max_size=500)
wide_texts = st.text(st.sampled_from("aè[€È’Ж😀👩\u200d\u0301\r\nΩΩÅ"), max_size=300)
any_texts = st.one_of(gsm_texts, wide_texts, st.text(max_size=200), st.text(st.characters(max_codepoint=0xFF)))


def slow_parts(text: str) -> tuple[Encoding, list[list[str]]]:
    """Put one character after another into a segment and open the next where it does not fit."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    is_gsm = all(char in GSM_7_BIT or char in TWO_SEPTETS for char in text)
    alone, in_part = (160, 153) if is_gsm else (70, 67)

    def size(chars: list[str]) -> int:
        if is_gsm:
            return sum(2 if char in TWO_SEPTETS else 1 for char in chars)
        return sum(len(char.encode("utf-16-le")) // 2 for char in chars)

    encoding = Encoding.GSM7 if is_gsm else Encoding.UCS2
    if size(list(text)) <= alone:
        return encoding, [list(text)] if text else []
    parts: list[list[str]] = [[]]
    for char in text:
        if size([*parts[-1], char]) > in_part:
            parts.append([])
        parts[-1].append(char)
    return encoding, parts


@pytest.mark.parametrize(
    ("text", "encoding", "unit_count", "segment_count", "units_left"),
    [
        ("", "gsm7", 0, 0, 160),
        ("a", "gsm7", 1, 1, 159),
        ("a" * 160, "gsm7", 160, 1, 0),
        ("a" * 161, "gsm7", 161, 2, 145),
        ("a" * 306, "gsm7", 306, 2, 0),
        ("a" * 307, "gsm7", 307, 3, 152),
        ("a" * 918, "gsm7", 918, 6, 0),
        ("a" * 919, "gsm7", 919, 7, 152),
        ("]" * 80, "gsm7", 160, 1, 0),
        ("]" * 81, "gsm7", 162, 2, 143),
        ("]" * 152, "gsm7", 304, 2, 1),
        ("]" * 153, "gsm7", 306, 3, 151),
        ("€", "gsm7", 2, 1, 158),
        ("a" * 158 + "€", "gsm7", 160, 1, 0),
        ("a" * 159 + "€", "gsm7", 161, 2, 145),
        ("a" * 152 + "€" + "a" * 151, "gsm7", 305, 2, 0),
        ("a" * 152 + "€" + "a" * 152, "gsm7", 306, 3, 152),
        ("Ω" * 160, "gsm7", 160, 1, 0),
        ("Ω" + "€" * 80, "gsm7", 161, 2, 145),
        ("Ω" + "€" * 152, "gsm7", 305, 2, 1),
        ("ΩÈ" + "€" * 68, "ucs2", 70, 1, 0),
        ("àèéùìòÉ", "gsm7", 7, 1, 153),
        ("\f", "gsm7", 2, 1, 158),
        ("È", "ucs2", 1, 1, 69),
        ("È" * 70, "ucs2", 70, 1, 0),
        ("È" * 71, "ucs2", 71, 2, 63),
        ("È" + "a" * 133, "ucs2", 134, 2, 0),
        ("È" + "a" * 134, "ucs2", 135, 3, 66),
        ("È" + "]" * 69, "ucs2", 70, 1, 0),
        ("😀" * 35, "ucs2", 70, 1, 0),
        ("😀" * 36, "ucs2", 72, 2, 61),
        ("😀" * 66, "ucs2", 132, 2, 1),
        ("😀" * 67, "ucs2", 134, 3, 65),
        ("a" * 66 + "😀" + "a" * 65, "ucs2", 133, 2, 0),
        ("a" * 66 + "😀" + "a" * 66, "ucs2", 134, 3, 66),
    ],
)
def test_a_text_takes_the_segments_the_network_counts(
    text: str, encoding: str, unit_count: int, segment_count: int, units_left: int
) -> None:
    counted = segments.count(text)
    assert counted.encoding == encoding
    assert counted.unit_count == unit_count
    assert counted.segment_count == segment_count
    assert counted.units_left == units_left
    assert counted.character_count == len(text)
    assert segments.segment_count(text) == segment_count


@pytest.mark.parametrize("char", "ÀÈÌÒÙ")
def test_an_upper_case_grave_accent_forces_ucs_2(char: str) -> None:
    assert segments.count(f"{char} pronto").encoding is Encoding.UCS2


@pytest.mark.parametrize("char", "àèéùìòÉ")
def test_the_accents_of_the_gsm_alphabet_do_not_force_ucs_2(char: str) -> None:
    assert segments.count(f"{char} pronto").encoding is Encoding.GSM7


def test_a_windows_or_old_mac_line_ending_counts_as_one_character() -> None:
    for text in ("a\r\nb", "a\rb", "a\nb"):
        assert segments.count(text) == segments.count("a\nb")
    assert segments.count("\r\n" * 160).segment_count == 1
    assert segments.segment_count("\r\n" * 160) == 1
    assert segments.segment_count("È" + "\r\n" * 69) == 1


def test_a_combining_accent_counts_with_its_letter() -> None:
    counted = segments.count("e\u0300" * 160)
    assert (counted.text, counted.encoding, counted.segment_count) == ("è" * 160, Encoding.GSM7, 1)
    assert segments.segment_count("e\u0300" * 160) == 1
    assert segments.count("E\u0300").encoding is Encoding.UCS2
    assert segments.count("\u212b\u2126").text == "ÅΩ"


def test_half_a_surrogate_pair_is_shown_as_unknown_and_two_halves_join() -> None:
    assert segments.normalise("a\ud83d") == "a\ufffd"
    assert segments.normalise("\ude00a") == "\ufffda"
    assert segments.normalise("\ud83d\ude00") == "😀"
    assert segments.segment_count("\ud83d") == segments.count("\ud83d").segment_count == 1


def test_an_escape_pair_and_a_surrogate_pair_are_never_split() -> None:
    assert [len(part) for part in segments.pack("]" * 153)] == [76, 76, 1]
    assert [len(part) for part in segments.pack("😀" * 67)] == [33, 33, 1]
    assert segments.pack("") == []


def test_a_very_long_text_is_counted_and_not_refused() -> None:
    assert segments.segment_count("a" * 1_000_000) == segments.count("a" * 1_000_000).segment_count == 6536


def test_the_limit_is_six_segments_by_default() -> None:
    assert segments.MAX_SEGMENTS == 6


def test_costly_characters_are_named_with_place_and_replacement() -> None:
    costly = segments.costly_characters("L\u2019E\u0300 \u2026😀 ok")
    assert [(each.char, each.position, each.replacement) for each in costly] == [
        ("’", 1, "'"),
        ("È", 2, "É"),
        ("…", 4, "..."),
        ("😀", 5, None),
    ]
    assert segments.costly_characters("Perché no? 5 € [ok]") == []


@given(any_texts)
@example("]" * 153)
@example("😀" * 67)
@example("a" * 152 + "€" * 3 + "\r\n")
def test_every_count_agrees_with_the_slow_one(text: str) -> None:
    encoding, parts = slow_parts(text)
    counted = segments.count(text)
    assert counted.segment_count == segments.segment_count(text) == len(parts)
    assert counted.encoding == encoding
    assert segments.pack(text) == ["".join(part) for part in parts]


@given(gsm_texts.filter(bool), st.integers(0, 160))
def test_as_much_fits_as_the_count_says_is_left(text: str, more: int) -> None:
    counted = segments.count(text)
    if counted.segment_count > 1:  # alone, one unit too many also makes every part shorter
        assert segments.segment_count(text + "a" * counted.units_left) == counted.segment_count
        assert segments.segment_count(text + "a" * (counted.units_left + 1)) == counted.segment_count + 1
    elif more > counted.units_left:
        assert segments.segment_count(text + "a" * more) > 1


@given(any_texts)
def test_the_parts_joined_are_the_normalised_text(text: str) -> None:
    assert "".join(segments.pack(text)) == segments.normalise(text) == segments.count(text).text


@given(any_texts)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert segments.normalise(segments.normalise(text)) == segments.normalise(text)


@given(st.text(st.characters(min_codepoint=0xD700, max_codepoint=0xE010, categories=("Cs", "Lo", "Co")), max_size=200))
def test_broken_surrogates_never_break_a_count(text: str) -> None:
    assert segments.segment_count(text) == segments.count(text).segment_count
    segments.normalise(text).encode("utf-16")


@given(any_texts)
def test_a_text_is_gsm_exactly_when_nothing_in_it_is_costly(text: str) -> None:
    assert (segments.count(text).encoding is Encoding.GSM7) == (not segments.costly_characters(text))


# The fast count takes short ways; these are the texts that could lead it astray.
tricky_texts = st.text(
    st.sampled_from(
        "a]^€\r\nΩ\u2126\u212b\u212a\u037eeèÈ\u0300\u0301\u0327\u0308’…—Жא한\u1100\u1161\u0958\ufb1d😀\U0001d15e\U0002f800\ud83d\ude00\u200d"
    ),
    max_size=260,
)


@given(tricky_texts)
def test_no_short_way_of_the_fast_count_leads_astray(text: str) -> None:
    assert segments.segment_count(text) == segments.count(text).segment_count


@given(st.integers(60, 1_400), st.integers(0, 5), st.sampled_from(["]", "€", "😀", "È]", "a]", "aa😀", "’a😀"]))
def test_long_texts_of_pairs_are_packed_and_not_divided(length: int, shift: int, pattern: str) -> None:
    text = ("a" * shift + pattern * length)[:length]
    assert segments.segment_count(text) == segments.count(text).segment_count == len(slow_parts(text)[1])


def test_every_character_alone_and_behind_a_letter_is_counted_in_its_encoding() -> None:
    wrong = []
    for code in [*range(0x10000), *range(0x1F000, 0x1FB00), *range(0x2F800, 0x2FA20), *range(0x1D150, 0x1D170)]:
        # 71 units or more: one segment in the GSM alphabet, two in UCS-2.
        text = "E" + chr(code) + "a" * 70
        expected = 1 if alphabet.is_gsm(segments.normalise(text)) else 2
        if segments.segment_count(text) != expected:
            wrong.append(hex(code))
    assert wrong == []
