#include "record/two_records.h"

#include "record/proof_lines.h"
#include "record/tiles.h"
#include "wire/cbor.h"

namespace detente::record {

namespace {

constexpr std::size_t kHashesMax = 64;  // of a tree of 2^64 leaves
constexpr std::uint64_t kSizeMax = (std::uint64_t{1} << 62) - 1;

tl::unexpected<Error> bad_records(const std::string& what) { return fail(Fault::kMalformed, "two records: " + what); }

// The next line, which begins with `key` and a space.
Result<std::string_view> value_of(std::string_view& text, std::string_view key) {
  const auto line = take_line(text);
  if (!line || !line->starts_with(key) || line->substr(key.size(), 1) != " ")
    return bad_records("the line \"" + std::string(key) + "\" is missing");
  return line->substr(key.size() + 1);
}

Result<Bytes> base64_of(std::string_view& text, std::string_view key) {
  DETENTE_TRY(value, value_of(text, key));
  auto bytes = from_base64(value);
  if (!bytes) return bad_records("\"" + std::string(key) + "\" is base64");
  return std::move(*bytes);
}

Result<Digest> hash_of(std::string_view& text, std::string_view key) {
  DETENTE_TRY(value, value_of(text, key));
  const auto hash = parse_hash(value);
  if (!hash) return bad_records("\"" + std::string(key) + "\" is 32 bytes in base64");
  return *hash;
}

}  // namespace

Bytes second_checkpoint_bytes(const Checkpoint& checkpoint, const crypto::Signature& signature) {
  Bytes out = to_bytes(as_bytes(encode_checkpoint_text(checkpoint)));
  append(out, ByteView(signature));
  return out;
}

std::optional<SecondCheckpoint> parse_second_checkpoint_bytes(ByteView bytes) {
  if (bytes.size() < crypto::kSignatureSize) return std::nullopt;
  const auto checkpoint = parse_own_checkpoint_text(as_string(bytes.first(bytes.size() - crypto::kSignatureSize)));
  if (!checkpoint) return std::nullopt;
  return SecondCheckpoint{*checkpoint, *to_array<crypto::kSignatureSize>(bytes.last(crypto::kSignatureSize))};
}

std::optional<SecondCheckpoint> parse_second_checkpoint(const PutEvidence& evidence) {
  return evidence.what == kSecondCheckpoint ? parse_second_checkpoint_bytes(evidence.bytes) : std::nullopt;
}

Bytes second_ahead_bytes(const SecondAhead& ahead) {
  wire::CborWriter out;
  out.array(3 + ahead.inclusion.size());
  out.bytes(second_checkpoint_bytes(ahead.first.checkpoint, ahead.first.signature));
  out.bytes(second_checkpoint_bytes(ahead.later.checkpoint, ahead.later.signature));
  out.bytes(ahead.leaf);
  for (const Digest& hash : ahead.inclusion) out.bytes(hash);
  return out.take();
}

std::optional<SecondAhead> parse_second_ahead(const PutEvidence& evidence) {
  if (evidence.what != kSecondAhead) return std::nullopt;
  wire::CborReader reader(evidence.bytes);
  const auto count = reader.array();
  if (!count || *count < 3 || *count > 3 + kHashesMax) return std::nullopt;
  const auto checkpoint = [&reader]() -> std::optional<SecondCheckpoint> {
    const auto bytes = reader.bytes();
    return bytes ? parse_second_checkpoint_bytes(*bytes) : std::nullopt;
  };
  const auto hash = [&reader]() -> std::optional<Digest> {
    const auto bytes = reader.bytes();
    return bytes ? to_array<32>(ByteView(*bytes)) : std::nullopt;
  };
  const auto first = checkpoint();
  const auto later = first ? checkpoint() : std::nullopt;
  const auto leaf = later ? hash() : std::nullopt;
  if (!leaf) return std::nullopt;
  SecondAhead out{*first, *later, *leaf, {}};
  for (std::uint64_t i = 3; i < *count; ++i) {
    const auto sibling = hash();
    if (!sibling) return std::nullopt;
    out.inclusion.push_back(*sibling);
  }
  return out;
}

std::vector<KeptSecond> second_checkpoints(const Reader& store, const LineKey& line) {
  std::vector<KeptSecond> out;
  for (const Reader::LogInfo& info : store.logs(line)) {
    if (info.log.own) continue;
    const std::vector<PutEvidence> beside_them = store.evidence_of(info.log, kSecondAhead, {});
    for (const PutEvidence& evidence : store.evidence_of(info.log, kSecondCheckpoint, {})) {
      auto second = parse_second_checkpoint(evidence);
      if (!second) continue;
      KeptSecond kept{info.log, std::move(*second), evidence.at};
      for (const PutEvidence& beside : beside_them)
        if (auto ahead = parse_second_ahead(beside); ahead && ahead->later.checkpoint == kept.second.checkpoint) kept.ahead = std::move(ahead);
      out.push_back(std::move(kept));
    }
  }
  return out;
}

Result<Bytes> make_two_records(const Reader& store, const ExtractSources& sources, const KeptSecond& kept) {
  TwoRecordsFile out;
  out.second = kept.second;
  const std::uint64_t size = kept.second.checkpoint.size;
  if (size == 0) return bad_records("the second checkpoint is of an empty tree");
  if (kept.ahead && store.entries(kept.log, size - 1, size, 1).empty()) {
    const SecondAhead& ahead = *kept.ahead;
    out.second = ahead.first;
    out.held_root = ahead.later.checkpoint.root;
    DETENTE_TRY(evidence, make_extract(store, sources, SignedLeaf{kept.log, ahead.later.checkpoint, ahead.later.signature,
                                                                  ahead.leaf, ahead.inclusion}));
    out.evidence = std::move(evidence);
    return write_two_records(out);
  }
  const ExtractChoice choice{kept.log, size - 1, ItemForm::kLeaf};
  DETENTE_TRY(evidence, make_extract(store, sources, {&choice, 1}));
  DETENTE_TRY(extract, decode_extract(evidence));
  const auto tiles = store.tiles(kept.log);
  const auto root = root_at(*tiles, size);
  if (root == kept.second.checkpoint.root) return bad_records("this one is of the record that is held: it contradicts another that is listed");
  auto proof = consistency_proof(*tiles, size, extract.items.front().size);
  if (!root || !proof) return fail(Fault::kIo, "two records: the store's tree does not reach them; check the disk");
  out.held_root = *root;
  out.held_proof = std::move(*proof);
  out.evidence = std::move(evidence);
  return write_two_records(out);
}

Bytes write_two_records(const TwoRecordsFile& file) {
  std::string out(kTwoRecordsFormat);
  out += "\norigin " + file.second.checkpoint.origin + "\nsize " + std::to_string(file.second.checkpoint.size) + "\nsecond-root " +
         to_base64(file.second.checkpoint.root) + "\nsecond-signature " + to_base64(file.second.signature) + "\nheld-root " +
         to_base64(file.held_root) + "\n";
  for (const Digest& hash : file.held_proof) out += "held-proof " + to_base64(hash) + "\n";
  out += "evidence " + to_base64(file.evidence) + "\n";
  return to_bytes(as_bytes(out));
}

Result<TwoRecordsFile> parse_two_records(ByteView bytes) {
  if (bytes.size() > kTwoRecordsBytesMax) return fail(Fault::kLimit, "two records: a file above 2 MiB");
  const std::string all = as_string(bytes);
  std::string_view text = all;
  if (take_line(text) != kTwoRecordsFormat) return bad_records("the first line is not " + std::string(kTwoRecordsFormat));
  TwoRecordsFile out;
  DETENTE_TRY(origin, value_of(text, "origin"));
  if (!parse_log_origin(origin)) return bad_records("\"origin\" is no log's");
  out.second.checkpoint.origin = origin;
  DETENTE_TRY(size_text, value_of(text, "size"));
  const auto size = parse_decimal(size_text);
  if (!size || *size == 0 || *size > kSizeMax) return bad_records("\"size\" is a number from 1");
  out.second.checkpoint.size = *size;
  DETENTE_TRY(root, hash_of(text, "second-root"));
  out.second.checkpoint.root = root;
  DETENTE_TRY(signature_bytes, base64_of(text, "second-signature"));
  const auto signature = to_array<crypto::kSignatureSize>(signature_bytes);
  if (!signature) return bad_records("\"second-signature\" is 64 bytes in base64");
  out.second.signature = *signature;
  DETENTE_TRY(held, hash_of(text, "held-root"));
  out.held_root = held;
  while (text.starts_with("held-proof ")) {
    if (out.held_proof.size() == kHashesMax) return bad_records("more than 64 hashes");
    DETENTE_TRY(hash, hash_of(text, "held-proof"));
    out.held_proof.push_back(hash);
  }
  DETENTE_TRY(evidence, base64_of(text, "evidence"));
  out.evidence = std::move(evidence);
  if (!equal(write_two_records(out), bytes)) return bad_records("it is not written as this program writes it");
  return out;
}

}  // namespace detente::record
