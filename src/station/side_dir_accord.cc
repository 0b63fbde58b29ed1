#include "station/side_dir_accord.h"

#include <algorithm>

#include "accord/annex.h"
#include "accord/bundle.h"
#include "crypto/hash.h"

namespace detente::station {
namespace {

constexpr const char* kNoteFile = "accord.note";
constexpr const char* kDictionaryFile = "dictionary.dict";

std::string annex_file_name(LineId line) { return "annex-" + std::to_string(line.value) + ".toml"; }

tl::unexpected<Error> altered(const std::string& file) {
  return fail(Fault::kAuthentication,
              file +
                  ": is not what the accord names: a byte was changed, or it belongs to another "
                  "accord; ask the other side for this file again");
}

// What the text is to the accord: the file's name stands in the error.
Result<void> check_file(const std::string& name, ByteView content, const Digest& digest) {
  if (crypto::sha256(content) != digest) return altered(name);
  return {};
}

// Where one is missing the others say nothing: the accord names it by its digest.
Result<Bytes> read_part(const io::Path& path, std::size_t max) {
  auto bytes = io::read_file(path, max);
  if (!bytes && bytes.error().fault == Fault::kNotFound)
    return fail(Fault::kNotFound, bytes.error().message +
                                      "; it is part of the accord: take it from a backup, or from the other side again (there: detente accord "
                                      "export)");
  return bytes;
}

Result<std::string> read_part_text(const io::Path& path, std::size_t max) {
  DETENTE_TRY(bytes, read_part(path, max));
  return as_string(bytes);
}

}  // namespace

std::string cipher_file_name(std::string_view aead) {
  std::string name(aead);
  std::replace(name.begin(), name.end(), '/', '_');
  return "cipher-" + name + ".vectors";
}

Result<void> check_accord_files(const AccordFiles& files) {
  const accord::Accord& accord = files.note.accord;
  if (files.annexes.size() != accord.lines.size())
    return fail(Fault::kNotFound, "accord: " + std::to_string(accord.lines.size()) +
                                      " lines, but " + std::to_string(files.annexes.size()) +
                                      " annexes; every line needs its own");
  for (std::size_t i = 0; i < accord.lines.size(); ++i)
    DETENTE_TRY_VOID(check_file(annex_file_name(accord.lines[i].number), as_bytes(files.annexes[i]),
                                accord.lines[i].annex));
  for (const accord::AccordSide& side : accord.sides) {
    const auto at = files.cipher_vectors.find(side.aead);
    if (at == files.cipher_vectors.end())
      return fail(Fault::kNotFound, cipher_file_name(side.aead) +
                                        ": is missing; the accord names " + side.aead +
                                        " by these vectors");
    DETENTE_TRY_VOID(
        check_file(cipher_file_name(side.aead), as_bytes(at->second), side.aead_vectors));
  }
  return check_file(kDictionaryFile, files.dictionary, accord.dictionary);
}

Result<AccordFiles> read_accord_files(const io::Path& dir) {
  DETENTE_TRY(note, read_part(dir / kNoteFile, accord::kAccordNoteMax));
  if (note.empty())
    return fail(Fault::kMalformed, (dir / kNoteFile).string() + ": empty or damaged: take the file from a backup, or have it handed over again");
  auto parsed = accord::parse_accord_note(note);
  if (!parsed) return fail_at((dir / kNoteFile).string(), parsed.error());
  AccordFiles files{std::move(*parsed), {}, {}, {}};
  for (const accord::AccordLine& line : files.note.accord.lines) {
    DETENTE_TRY(annex, read_part_text(dir / annex_file_name(line.number), accord::kAnnexTextMax));
    files.annexes.push_back(std::move(annex));
  }
  for (const accord::AccordSide& side : files.note.accord.sides) {
    DETENTE_TRY(vectors, read_part_text(dir / cipher_file_name(side.aead), kCipherVectorsMax));
    files.cipher_vectors[side.aead] = std::move(vectors);
  }
  DETENTE_TRY(dictionary, read_part(dir / kDictionaryFile, kDictionaryMax));
  files.dictionary = std::move(dictionary);
  auto good = check_accord_files(files);
  if (!good) return fail_at(dir.string(), good.error());
  return files;
}

namespace {

// Contents by digest.
using Contents = std::map<Digest, Bytes>;

Contents contents_of(const AccordFiles& files) {
  Contents out;
  const auto add = [&](ByteView bytes) { out.emplace(crypto::sha256({bytes}), to_bytes(bytes)); };
  for (const std::string& annex : files.annexes) add(as_bytes(annex));
  for (const auto& [aead, vectors] : files.cipher_vectors) add(as_bytes(vectors));
  add(files.dictionary);
  return out;
}

Result<Bytes> take(const Contents& contents, const Digest& digest, const std::string& name) {
  const auto found = contents.find(digest);
  if (found == contents.end())
    return fail(Fault::kNotFound, name + ": is not among the files that came with the accord, and not here");
  return found->second;
}

}  // namespace

Result<Bytes> bundle_of(const AccordFiles& files, const AccordFiles& before) {
  accord::Bundle out{files.note.encode(), {}};
  const Contents known = contents_of(before);
  for (auto& [digest, bytes] : contents_of(files))
    if (known.count(digest) == 0) out.files.push_back(bytes);
  return accord::write_bundle(std::move(out));
}

Result<AccordFiles> files_of_bundle(ByteView bytes, const AccordFiles& before) {
  DETENTE_TRY(bundle, accord::parse_bundle(bytes));
  Contents contents = contents_of(before);
  for (Bytes& file : bundle.files) contents.emplace(crypto::sha256(file), std::move(file));
  DETENTE_TRY(note, accord::parse_accord_note(as_bytes(bundle.note)));
  AccordFiles out{std::move(note), {}, {}, {}};
  for (const accord::AccordLine& line : out.note.accord.lines) {
    DETENTE_TRY(annex, take(contents, line.annex, annex_file_name(line.number)));
    if (annex.size() > accord::kAnnexTextMax) return fail(Fault::kLimit, annex_file_name(line.number) + ": too large for an annex");
    out.annexes.push_back(as_string(annex));
  }
  for (const accord::AccordSide& side : out.note.accord.sides) {
    DETENTE_TRY(vectors, take(contents, side.aead_vectors, cipher_file_name(side.aead)));
    out.cipher_vectors[side.aead] = as_string(vectors);
  }
  DETENTE_TRY(dictionary, take(contents, out.note.accord.dictionary, kDictionaryFile));
  out.dictionary = std::move(dictionary);
  DETENTE_TRY_VOID(check_accord_files(out));
  return out;
}

namespace {

// The note last: where it stands the others do.
std::vector<std::pair<std::string, Bytes>> named_files(const AccordFiles& files) {
  std::vector<std::pair<std::string, Bytes>> out;
  for (std::size_t i = 0; i < files.annexes.size(); ++i)
    out.emplace_back(annex_file_name(files.note.accord.lines[i].number), to_bytes(as_bytes(files.annexes[i])));
  for (const auto& [aead, vectors] : files.cipher_vectors)
    out.emplace_back(cipher_file_name(aead), to_bytes(as_bytes(vectors)));
  out.emplace_back(kDictionaryFile, files.dictionary);
  out.emplace_back(kNoteFile, to_bytes(as_bytes(files.note.encode())));
  return out;
}

}  // namespace

Result<void> write_accord_files(const io::Path& dir, const AccordFiles& files) {
  DETENTE_TRY_VOID(check_accord_files(files));
  DETENTE_TRY_VOID(io::make_directory(dir));
  for (const auto& [name, bytes] : named_files(files))
    DETENTE_TRY_VOID(io::write_file(dir / name, bytes, io::kPublicMode));
  return {};
}

Result<void> export_accord_files(const io::Path& dir, const AccordFiles& files) {
  DETENTE_TRY_VOID(check_accord_files(files));
  DETENTE_TRY_VOID(io::make_directory(dir));
  const auto all = named_files(files);
  // All of them before the first is written: no mixture of two accords.
  for (const auto& [name, bytes] : all) {
    DETENTE_TRY(there, io::is_there(dir / name));
    if (!there) continue;
    const auto held = io::read_file(dir / name, bytes.size());
    if (!held || !equal(*held, bytes))
      return fail(Fault::kConflict, (dir / name).string() + ": is there already, is another file than this accord's, and is "
                                                            "not overwritten; name a directory that is not there yet");
  }
  for (const auto& [name, bytes] : all)
    DETENTE_TRY_VOID(io::write_file_once(dir / name, bytes, io::kPublicMode));
  return {};
}

}  // namespace detente::station
