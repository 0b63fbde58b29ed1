#!/usr/bin/env python3
"""Trains data/dictionary/en-1.dict from data/corpus, and cuts the held-out passages.

    tools/train_dictionary.py             everything, written in place
    tools/train_dictionary.py --validate  only compares recipes, on parts of the corpus

A dictionary that an accord names must never change: a better one gets a new name (en-2). This
script says how en-1 was made. With another version of libzstd its bytes may differ.

Content is chosen by zstd's COVER, most useful last. Entropy tables are not trained on texts that
the content holds: such texts are one long match, and tables that expect that are wrong for new
texts. So one half of the corpus gives content, the other half the tables, and the tables are put
before the content of the whole corpus.
"""

import argparse
import ctypes
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT / "data/corpus"
PASSAGES = ROOT / "data/passages"
DICTIONARY = ROOT / "data/dictionary/en-1.dict"
ARRAY = ROOT / "src/wire/dictionary_data.cc"

SIZE = 64 * 1024
DICTIONARY_ID = 32768 + 0xde7  # the range that RFC 8878 leaves to private use begins at 32768
LEVEL = 19
SHARED_MAX = 24  # a passage shares no run of so many characters with corpus or dictionary
# COVER's segment and d-mer lengths; the pair that --validate found best is RECIPE.
RECIPES = [(50, 6), (100, 6), (200, 6), (400, 6), (200, 8), (400, 8)]
RECIPE = (200, 6)

ENGLISH = [
    "us_inaugural_1949-Truman.txt", "us_inaugural_1953-Eisenhower.txt",
    "us_inaugural_1961-Kennedy.txt", "us_inaugural_1985-Reagan.txt", "us_sotu_1962-Kennedy.txt",
    "us_sotu_1985-Reagan.txt", "udhr_eng.txt", "hotline_mou_1963_en_excerpt.txt",
    "singapore_2018_en_excerpt.txt", "korean_armistice_1953_en_excerpt.txt",
]
PHRASES = "hotline_phrases.txt"
# Bytes of each other language, from the beginning of its text: enough for common syllables.
OTHERS = {
    "udhr_arb.txt": 480, "udhr_jpn.txt": 640, "udhr_cmn_hans.txt": 640, "udhr_fra.txt": 720,
    "udhr_spa.txt": 720, "udhr_rus.txt": 1600, "udhr_kor.txt": 2000,
    "panmunjom_2018_ko_excerpt.txt": 1200,
}
VALIDATION = [
    ["us_sotu_1985-Reagan.txt", "us_inaugural_1953-Eisenhower.txt"],
    ["us_inaugural_1949-Truman.txt", "us_inaugural_1961-Kennedy.txt",
     "us_inaugural_1985-Reagan.txt"],
]

# --- libzstd --------------------------------------------------------------------------------

ZSTD = ctypes.CDLL("libzstd.so.1")
for name in ("ZDICT_finalizeDictionary", "ZDICT_trainFromBuffer_cover", "ZSTD_compress2",
             "ZSTD_CCtx_setParameter", "ZSTD_CCtx_loadDictionary", "ZDICT_getDictHeaderSize"):
    getattr(ZSTD, name).restype = ctypes.c_size_t
ZSTD.ZSTD_createCCtx.restype = ctypes.c_void_p


class DictionaryParameters(ctypes.Structure):
    _fields_ = [("level", ctypes.c_int), ("notifications", ctypes.c_uint), ("id", ctypes.c_uint)]


class CoverParameters(ctypes.Structure):
    _fields_ = [("k", ctypes.c_uint), ("d", ctypes.c_uint), ("steps", ctypes.c_uint),
                ("threads", ctypes.c_uint), ("split", ctypes.c_double),
                ("shrink", ctypes.c_uint), ("shrink_regression", ctypes.c_uint),
                ("dictionary", DictionaryParameters)]


def parameters():
    return DictionaryParameters(LEVEL, 0, DICTIONARY_ID)


def checked(size):
    if size > 1 << 40:  # zstd's errors are small negative numbers
        raise RuntimeError(f"zstd error {size - (1 << 64)}")
    return size


def joined(samples):
    return b"".join(samples), (ctypes.c_size_t * len(samples))(*map(len, samples))


def header_of(dictionary):
    size = checked(ZSTD.ZDICT_getDictHeaderSize(dictionary, ctypes.c_size_t(len(dictionary))))
    return dictionary[:size]


def finalize(content, samples):
    data, sizes = joined(samples)
    out = ctypes.create_string_buffer(SIZE)
    size = checked(ZSTD.ZDICT_finalizeDictionary(
        out, ctypes.c_size_t(SIZE), content, ctypes.c_size_t(len(content)), data, sizes,
        ctypes.c_uint(len(samples)), parameters()))
    return out.raw[:size]


def cover(samples, room, recipe):
    """The content that COVER chooses, at most `room` bytes."""
    data, sizes = joined(samples)
    out = ctypes.create_string_buffer(room)
    size = checked(ZSTD.ZDICT_trainFromBuffer_cover(
        out, ctypes.c_size_t(room), data, sizes, ctypes.c_uint(len(samples)),
        CoverParameters(*recipe, 0, 0, 1.0, 0, 0, parameters())))
    trained = out.raw[:size]
    return trained[len(header_of(trained)):]


class Encoder:
    """As src/wire/coder.cc codes."""

    def __init__(self, dictionary):
        self.context = ctypes.c_void_p(ZSTD.ZSTD_createCCtx())
        # level, window log, content size, checksum, dictionary id, magicless
        for key, value in ((100, LEVEL), (101, 17), (200, 0), (201, 0), (202, 0), (10, 1)):
            checked(ZSTD.ZSTD_CCtx_setParameter(self.context, key, value))
        checked(ZSTD.ZSTD_CCtx_loadDictionary(self.context, dictionary,
                                              ctypes.c_size_t(len(dictionary))))
        self.out = ctypes.create_string_buffer(1 << 16)

    def size(self, text):
        return min(len(text), checked(ZSTD.ZSTD_compress2(
            self.context, self.out, ctypes.c_size_t(1 << 16), text, ctypes.c_size_t(len(text)))))


# --- texts ----------------------------------------------------------------------------------

PLAIN = {"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2014": " - ",
         "\u2013": "-", "\u2026": "...", "\u00a0": " "}


def read(path):
    text = path.read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", "".join(PLAIN.get(c, c) for c in text)).strip()


def slices(text, length):
    """Consecutive pieces of `length` ASCII characters, each beginning with a word."""
    at = 0
    while at + length <= len(text):
        piece = text[at:at + length]
        if piece.isascii():
            yield piece.encode()
        at += length
        while at < len(text) and text[at - 1] != " ":
            at += 1


def samples_of(names):
    return {name: list(slices(read(CORPUS / name), 100)) for name in names}


def phrases():
    return [line.encode() for line in (CORPUS / PHRASES).read_text("ascii").splitlines() if line]


def build(names, recipe):
    samples = samples_of(names)
    others = b"".join((CORPUS / name).read_bytes()[:size].decode(errors="ignore").encode()
                      for name, size in OTHERS.items())
    lines = phrases()

    def content(texts):
        return others + cover(texts, SIZE - 256 - len(others), recipe)

    half = [s for name in names[1::2] for s in samples[name]] + lines[1::2]
    rest = [s for name in names[::2] for s in samples[name]] + lines[::2]
    tables = header_of(finalize(content(half), rest))
    whole = content([s for name in names for s in samples[name]] + lines)
    return tables + whole[-(SIZE - len(tables)):]


def statistics(encoder, passages):
    sizes = sorted(encoder.size(p) for p in passages)
    return sum(sizes) / len(sizes), sizes[len(sizes) * 9 // 10]


# --- the three jobs -------------------------------------------------------------------------


def validate():
    for recipe in RECIPES:
        for held in VALIDATION:
            encoder = Encoder(build([n for n in ENGLISH if n not in held], recipe))
            passages = [s for found in samples_of(held).values() for s in found]
            mean, p90 = statistics(encoder, passages)
            print(f"k, d = {recipe}, without {', '.join(held)}: mean {mean:.2f}, p90 {p90}")


def write_array(dictionary):
    rows = [dictionary[i:i + 256] for i in range(0, len(dictionary), 256)]
    lines = ["// Made by tools/train_dictionary.py from data/corpus; the same bytes as",
             "// data/dictionary/en-1.dict. Rows of 256, so that the file stays short.",
             '#include "wire/coder.h"', "", "namespace detente::wire {", "namespace {", "",
             "// clang-format off", "constexpr std::uint8_t kDictionary[] = {",
             *("    " + ",".join(map(str, row)) + "," for row in rows), "};",
             "// clang-format on", "", "}  // namespace", "",
             "ByteView shipped_dictionary() { return kDictionary; }", "",
             "}  // namespace detente::wire"]
    ARRAY.write_text("\n".join(lines) + "\n")


def unknown_pieces(text, length, known):
    """Pieces that begin with a word, end within or behind one, and hold no known run."""
    at = 0
    while at + length <= len(text):
        piece = text[at:at + length].encode("ascii", "replace")
        runs = (piece[i:i + SHARED_MAX] for i in range(length - SHARED_MAX + 1))
        good = text[at:at + length].isascii() and not piece.endswith(b" ") \
            and not any(run in known for run in runs)
        if good:
            yield piece
        at += length if good else 1
        while at < len(text) and text[at - 1] != " ":
            at += 1


def cut_passages(dictionary):
    """Passages from texts outside the corpus that share no long run with corpus or dictionary."""
    known = set()
    # The dictionary as it is; the corpus with white space as in the passages.
    corpus = [read(path).encode() for path in sorted(CORPUS.glob("*.txt"))]
    for text in [dictionary, *corpus]:
        known.update(text[i:i + SHARED_MAX] for i in range(len(text) - SHARED_MAX + 1))
    texts = [read(path) for path in sorted((PASSAGES / "sources").glob("*.txt"))]
    for length in (100, 1000):
        kept = [p for text in texts for p in unknown_pieces(text, length, known)]
        (PASSAGES / f"en-{length}.txt").write_bytes(b"\n".join(kept) + b"\n")
        mean, p90 = statistics(Encoder(dictionary), kept)
        print(f"{len(kept)} passages of {length} characters: mean {mean:.1f} bytes, p90 {p90}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--validate", action="store_true", help="compare recipes, write nothing")
    if parser.parse_args().validate:
        validate()
        return
    dictionary = build(ENGLISH, RECIPE)
    DICTIONARY.write_bytes(dictionary)
    write_array(dictionary)
    print(f"{DICTIONARY.name}: {len(dictionary)} bytes")
    cut_passages(dictionary)


if __name__ == "__main__":
    main()
