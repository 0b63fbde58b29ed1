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

Result<std::string> read_text(const io::Path& path, std::size_t max) {
  DETENTE_TRY(bytes, io::read_file(path, max));
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
  DETENTE_TRY(note, io::read_file(dir / kNoteFile, accord::kAccordNoteMax));
  auto parsed = accord::parse_accord_note(note);
  if (!parsed) return fail_at((dir / kNoteFile).string(), parsed.error());
  AccordFiles files{std::move(*parsed), {}, {}, {}};
  for (const accord::AccordLine& line : files.note.accord.lines) {
    DETENTE_TRY(annex, read_text(dir / annex_file_name(line.number), accord::kAnnexTextMax));
    files.annexes.push_back(std::move(annex));
  }
  for (const accord::AccordSide& side : files.note.accord.sides) {
    DETENTE_TRY(vectors, read_text(dir / cipher_file_name(side.aead), kCipherVectorsMax));
    files.cipher_vectors[side.aead] = std::move(vectors);
  }
  DETENTE_TRY(dictionary, io::read_file(dir / kDictionaryFile, kDictionaryMax));
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

Result<void> write_accord_files(const io::Path& dir, const AccordFiles& files) {
  DETENTE_TRY_VOID(check_accord_files(files));
  DETENTE_TRY_VOID(io::make_directory(dir));
  for (std::size_t i = 0; i < files.annexes.size(); ++i)
    DETENTE_TRY_VOID(io::write_file(dir / annex_file_name(files.note.accord.lines[i].number),
                                    as_bytes(files.annexes[i]), io::kPublicMode));
  for (const auto& [aead, vectors] : files.cipher_vectors)
    DETENTE_TRY_VOID(
        io::write_file(dir / cipher_file_name(aead), as_bytes(vectors), io::kPublicMode));
  DETENTE_TRY_VOID(io::write_file(dir / kDictionaryFile, files.dictionary, io::kPublicMode));
  return io::write_file(dir / kNoteFile, as_bytes(files.note.encode()), io::kPublicMode);
}

}  // namespace detente::station
