#include "accord/bundle.h"

#include <algorithm>

#include "accord/accord.h"
#include "crypto/hash.h"
#include "wire/cbor.h"

namespace detente::accord {

namespace {
constexpr std::string_view kFormat = "detente-accord-files/1";
}

Result<Bytes> write_bundle(Bundle bundle) {
  std::sort(bundle.files.begin(), bundle.files.end(),
            [](const Bytes& a, const Bytes& b) { return crypto::sha256(a) < crypto::sha256(b); });
  bundle.files.erase(std::unique(bundle.files.begin(), bundle.files.end()), bundle.files.end());
  wire::CborWriter out;
  out.array(3).text(kFormat).text(bundle.note).array(bundle.files.size());
  for (const Bytes& file : bundle.files) out.bytes(file);
  Bytes bytes = out.take();
  if (bytes.size() > kBundleBytesMax || bundle.files.size() > kBundleFilesMax)
    return fail(Fault::kLimit, "the accord's files together are larger than 512 KiB, which no line carries: both sides take "
                               "them from a directory (detente accord export, detente accord import)");
  return bytes;
}

Result<Bundle> parse_bundle(ByteView bytes) {
  if (bytes.size() > kBundleBytesMax) return fail(Fault::kLimit, "an accord's files of more than 512 KiB");
  wire::CborReader reader(bytes);
  DETENTE_TRY_VOID(reader.array(3));
  DETENTE_TRY(format, reader.text());
  if (format != kFormat) return fail(Fault::kUnsupported, "these are no accord's files of a form that this program knows");
  DETENTE_TRY(note, reader.text());
  if (note.size() > kAccordNoteMax) return fail(Fault::kLimit, "an accord larger than 128 KiB");
  DETENTE_TRY(count, reader.array());
  if (count > kBundleFilesMax) return fail(Fault::kLimit, "an accord with more files than it can name");
  Bundle out{std::string(note), {}};
  std::optional<Digest> last;
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY(file, reader.bytes());
    const Digest digest = crypto::sha256({file});
    if (last && !(*last < digest)) return fail(Fault::kMalformed, "an accord's files out of their order, or one twice");
    last = digest;
    out.files.push_back(to_bytes(file));
  }
  DETENTE_TRY_VOID(reader.expect_end());
  return out;
}

}  // namespace detente::accord
