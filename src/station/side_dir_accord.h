// The files of one accord in a directory: the note, an annex a line, the
// ciphers' vectors, the dictionary. The same in a side's own directory and in
// one that is handed to the other side.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "accord/accord.h"
#include "io/file.h"

namespace detente::station {

inline constexpr std::size_t kCipherVectorsMax = 1 << 20;
inline constexpr std::size_t kDictionaryMax = 1 << 20;

struct AccordFiles {
  accord::AccordNote note;
  std::vector<std::string> annexes;                   // texts, in the order of the accord's lines
  std::map<std::string, std::string> cipher_vectors;  // by the AEAD's name; both sides'
  Bytes dictionary;
};

// Reads and checks everything against the accord's digests: kNotFound names what is missing,
// kAuthentication what was changed. Signatures may be missing.
Result<AccordFiles> read_accord_files(const io::Path& dir);
// Checks the same, then writes the note last, so that a directory with a note is whole.
Result<void> write_accord_files(const io::Path& dir, const AccordFiles& files);
// The same for a directory that a person named: kConflict, and nothing written, when another file has one of the names.
Result<void> export_accord_files(const io::Path& dir, const AccordFiles& files);
// The checks alone.
Result<void> check_accord_files(const AccordFiles& files);

// In one piece for the other side, which has the files of `before`; and back. kNotFound for a file that is in neither,
// else as read_accord_files().
Result<Bytes> bundle_of(const AccordFiles& files, const AccordFiles& before);
Result<AccordFiles> files_of_bundle(ByteView bundle, const AccordFiles& before);

// "cipher-ChaCha20-Poly1305.vectors"
std::string cipher_file_name(std::string_view aead);

}  // namespace detente::station
