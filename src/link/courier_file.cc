#include "link/courier_file.h"

#include <algorithm>

#include "crypto/hash.h"
#include "wire/cbor.h"

namespace detente::link {

namespace {

constexpr std::string_view kMagic = "detente-courier/1";
constexpr std::string_view kMagicOfAny = "detente-courier/";
constexpr std::size_t kStationIdMax = 80;
constexpr std::size_t kBucketLeast = 4096;
constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kHeaderItems = 8;

tl::unexpected<Error> damaged(const char* what) {
  return fail(Fault::kMalformed, std::string("this is no whole courier file (") + what +
                                     "): it was cut off or damaged on its way; take it from the other side again");
}

// All but the sealed bytes: the open header, and associated data of the seal.
void write_header(wire::CborWriter& out, const CourierHeader& header) {
  out.text(kMagic).bytes(header.accord).text(header.from).text(header.to);
  out.uint(header.secret_epoch).uint(header.number).bytes(header.id);
}

// A file begins with the same bytes as this array of eight; its head is part of what is authenticated.
Bytes associated_of(const CourierHeader& header) {
  wire::CborWriter out;
  out.array(kHeaderItems);
  write_header(out, header);
  Bytes whole = out.bytes({}).take();
  whole.pop_back();  // the empty string that stood for the sealed bytes
  return whole;
}

std::vector<crypto::AeadKey> keys_for(const Layers& layers, ByteView psk, ByteView shared,
                                      ByteView id) {
  Bytes secret = concat(shared, psk);
  const SecretBytes input(std::move(secret));
  const SecretBytes root = crypto::hkdf_extract(id, input.view());
  std::vector<crypto::AeadKey> out;
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    Bytes info = to_bytes(as_bytes("detente/1 courier key"));
    info.push_back(static_cast<std::uint8_t>(layer));
    append(info, layers[layer].name());
    out.emplace_back(layers[layer], crypto::hkdf_expand(root.view(), info, crypto::kAeadKeySize).view());
  }
  return out;
}

constexpr ByteArray<crypto::kAeadNonceSize> kNonce{};  // each file has keys of its own

std::size_t bucket_for(std::size_t size) {
  std::size_t out = kBucketLeast;
  while (out < size) out *= 2;
  return out;
}

void write_mark(wire::CborWriter& out, const std::optional<CourierMark>& mark) {
  if (mark) {
    out.bytes(*mark);
  } else {
    out.null();
  }
}

template <std::size_t N>
Result<ByteArray<N>> read_array(wire::CborReader& in) {
  DETENTE_TRY(bytes, in.bytes());
  const auto out = to_array<N>(bytes);
  if (!out) return fail(Fault::kMalformed, "a courier file's contents have a field of a wrong length");
  return *out;
}

Result<bool> take_null(wire::CborReader& in) {
  DETENTE_TRY(type, in.peek());
  if (type != wire::CborType::kNull) return false;
  DETENTE_TRY_VOID(in.null());
  return true;
}

Result<std::optional<CourierMark>> read_mark(wire::CborReader& in) {
  DETENTE_TRY(absent, take_null(in));
  if (absent) return std::optional<CourierMark>();
  DETENTE_TRY(mark, read_array<16>(in));
  return std::optional(mark);
}

Result<std::uint64_t> read_number(wire::CborReader& in, std::uint64_t max) {
  DETENTE_TRY(value, in.uint());
  if (value > max) return fail(Fault::kMalformed, "a courier file's contents have a number above its bound");
  return value;
}

Result<Bytes> read_frame(wire::CborReader& in) {
  DETENTE_TRY(bytes, in.bytes());
  if (bytes.size() > kCourierFrameMax) return fail(Fault::kLimit, "a courier file's contents have a frame that is too long");
  return to_bytes(bytes);
}

Result<std::size_t> read_count(wire::CborReader& in, std::size_t max) {
  DETENTE_TRY(count, in.array());
  if (count > max) return fail(Fault::kLimit, "a courier file's contents list more than a file may have");
  return count;
}

void write_section(wire::CborWriter& out, const CourierSection& section) {
  out.array(4).uint(section.line.value);
  if (section.state) {
    out.bytes(*section.state);
  } else {
    out.null();
  }
  if (section.receipt) {
    out.array(3).bytes(section.receipt->epoch).uint(section.receipt->size).bytes(section.receipt->frame);
  } else {
    out.null();
  }
  out.array(section.entries.size());
  for (const CourierEntry& entry : section.entries) out.array(2).uint(entry.entry_class).bytes(entry.frame);
}

Result<CourierSection> read_section(wire::CborReader& in) {
  CourierSection out;
  DETENTE_TRY_VOID(in.array(4));
  DETENTE_TRY(line, read_number(in, UINT16_MAX));
  out.line = LineId{static_cast<std::uint16_t>(line)};
  DETENTE_TRY(stateless, take_null(in));
  if (!stateless) {
    DETENTE_TRY(state, read_frame(in));
    out.state = std::move(state);
  }
  DETENTE_TRY(unreceipted, take_null(in));
  if (!unreceipted) {
    CourierReceipt receipt;
    DETENTE_TRY_VOID(in.array(3));
    DETENTE_TRY(epoch, read_array<16>(in));
    DETENTE_TRY(size, read_number(in, (std::uint64_t{1} << 62) - 1));
    DETENTE_TRY(frame, read_frame(in));
    out.receipt = CourierReceipt{epoch, size, std::move(frame)};
  }
  DETENTE_TRY(count, read_count(in, kCourierEntriesMax));
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY_VOID(in.array(2));
    DETENTE_TRY(entry_class, read_number(in, 2));
    DETENTE_TRY(frame, read_frame(in));
    out.entries.push_back({static_cast<std::uint8_t>(entry_class), std::move(frame)});
  }
  return out;
}

}  // namespace

Result<ParsedCourier> parse_courier(ByteView file) {
  if (file.size() > kCourierFileMax) return fail(Fault::kLimit, "a courier file has at most 1 MiB; this is none");
  wire::CborReader in(file);
  if (!in.array(kHeaderItems)) return damaged("it does not begin like one");
  const auto magic = in.text();
  if (!magic) return damaged("it does not begin like one");
  if (*magic != kMagic) {
    if (magic->substr(0, kMagicOfAny.size()) == kMagicOfAny)
      return fail(Fault::kUnsupported, "this courier file is of a later version: ask for one that version 1 reads");
    return damaged("it does not begin like one");
  }
  ParsedCourier out;
  const auto accord = read_array<32>(in);
  const auto from = accord ? in.text() : tl::unexpected<Error>(accord.error());
  const auto to = from ? in.text() : tl::unexpected<Error>(from.error());
  if (!to || from->size() > kStationIdMax || to->size() > kStationIdMax) return damaged("its header");
  const auto epoch = read_number(in, UINT16_MAX);
  const auto number = epoch ? read_number(in, (std::uint64_t{1} << 62) - 1) : tl::unexpected<Error>(epoch.error());
  const auto id = number ? read_array<32>(in) : tl::unexpected<Error>(number.error());
  if (!id) return damaged("its header");
  out.header = {*accord, std::string(*from), std::string(*to), static_cast<std::uint16_t>(*epoch), *number, *id};
  out.associated = file.first(in.position());
  const auto sealed = in.bytes();
  if (!sealed || !in.expect_end()) return damaged("its end");
  out.sealed = *sealed;
  return out;
}

Result<Bytes> seal_courier(const PairConfig& pair, ByteView psk, const CourierHeader& header, ByteView contents) {
  if (contents.size() > kCourierContentsMax)
    return fail(Fault::kLimit, "a courier file holds at most 512 KiB");
  DETENTE_TRY(shared, pair.local_static->agree_lasting(pair.remote_static));
  Bytes body;
  append_be(body, contents.size(), kLengthBytes);
  append(body, contents);
  body.resize(bucket_for(body.size()));
  const Bytes associated = associated_of(header);
  for (const crypto::AeadKey& key : keys_for(pair.send_layers, psk, shared.view(), header.id))
    body = key.seal(kNonce, associated, body);
  wire::CborWriter out;
  out.array(kHeaderItems);
  write_header(out, header);
  return out.bytes(body).take();
}

Result<Bytes> open_courier(const PairConfig& pair, ByteView psk, const ParsedCourier& file) {
  DETENTE_TRY(shared, pair.local_static->agree_lasting(pair.remote_static));
  const auto keys = keys_for(pair.receive_layers, psk, shared.view(), file.header.id);
  Bytes body = to_bytes(file.sealed);
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
    auto opened = key->open(kNonce, file.associated, body);
    if (!opened)
      return fail(Fault::kAuthentication,
                  "this courier file does not open: it was damaged or changed on its way, or " + file.header.from +
                      " did not make it; nothing of it is taken. Take it from the other side again");
    body = std::move(*opened);
  }
  if (body.size() < kLengthBytes) return damaged("its contents");
  const std::uint64_t size = read_be(ByteView(body).first(kLengthBytes));
  if (size > body.size() - kLengthBytes) return damaged("its contents");
  const auto end = body.begin() + static_cast<std::ptrdiff_t>(kLengthBytes + size);
  if (std::any_of(end, body.end(), [](std::uint8_t byte) { return byte != 0; })) return damaged("its contents");
  return Bytes(body.begin() + kLengthBytes, end);
}

Bytes encode_courier_contents(const CourierContents& contents) {
  wire::CborWriter out;
  out.array(7).uint(contents.made.seconds).bytes(contents.life).bytes(contents.challenge);
  write_mark(out, contents.answers);
  write_mark(out, contents.session);
  out.uint(contents.told).array(contents.sections.size());
  for (const CourierSection& section : contents.sections) write_section(out, section);
  return out.take();
}

Result<CourierContents> parse_courier_contents(ByteView bytes) {
  wire::CborReader in(bytes);
  CourierContents out;
  DETENTE_TRY_VOID(in.array(7));
  DETENTE_TRY(made, read_number(in, UINT32_MAX));
  out.made = WallTime{static_cast<std::uint32_t>(made)};
  DETENTE_TRY(life, read_array<16>(in));
  DETENTE_TRY(challenge, read_array<16>(in));
  DETENTE_TRY(answers, read_mark(in));
  DETENTE_TRY(session, read_mark(in));
  DETENTE_TRY(told, read_number(in, (std::uint64_t{1} << 62) - 1));
  out.life = life;
  out.challenge = challenge;
  out.answers = answers;
  out.session = session;
  out.told = told;
  DETENTE_TRY(count, read_count(in, kCourierSectionsMax));
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY(section, read_section(in));
    if (!out.sections.empty() && !(out.sections.back().line < section.line))
      return fail(Fault::kMalformed, "a courier file's contents name lines out of their order");
    out.sections.push_back(std::move(section));
  }
  DETENTE_TRY_VOID(in.expect_end());
  return out;
}

CourierMark courier_mark(ByteView handshake_hash) {
  const Digest digest = crypto::sha256({as_bytes("detente/1 courier session"), handshake_hash});
  return *to_array<16>(ByteView(digest).first(16));
}

}  // namespace detente::link
