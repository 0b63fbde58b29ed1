#include "accord/cose.h"

#include <algorithm>

#include "wire/cbor.h"

namespace detente::accord {
namespace {

using wire::CborReader;
using wire::CborType;
using wire::CborWriter;

// Labels (RFC 9052 section 3.1), as encoded CBOR.
constexpr std::uint8_t kAlgorithm = 1, kCritical = 2, kContentType = 3, kKeyId = 4;
constexpr std::uint8_t kEmptyMap = 0xa0;

Result<void> check_label(ByteView label) {
  const CborType type = CborReader(label).peek().value();
  if (type == CborType::kUnsigned || type == CborType::kNegative || type == CborType::kText) {
    return {};
  }
  return fail(Fault::kMalformed, std::string("COSE header: a label is ") + to_string(type) +
                                     "; integers and text are labels");
}

Result<void> read_parameter(CborReader& reader, std::uint8_t label, CoseHeaders& headers) {
  switch (label) {
    case kAlgorithm: {
      if (reader.peek() && *reader.peek() == CborType::kText) {
        return fail(Fault::kUnsupported, "COSE header: an algorithm named in text");
      }
      DETENTE_TRY(algorithm, reader.integer());
      headers.algorithm = algorithm;
      return {};
    }
    case kCritical:
      return fail(Fault::kUnsupported,
                  "COSE header: critical parameters, of which this program knows none");
    case kContentType: {
      DETENTE_TRY(value, reader.item());
      const CborType type = CborReader(value).peek().value();
      if (type != CborType::kUnsigned && type != CborType::kText) {
        return fail(Fault::kMalformed, "COSE header: the content type is neither number nor text");
      }
      headers.content_type = to_bytes(value);
      return {};
    }
    default: {
      DETENTE_TRY(key_id, reader.bytes());
      headers.key_id = to_bytes(key_id);
      return {};
    }
  }
}

// Every label of the headers, encoded, in ascending order of the known and then the others.
std::vector<Bytes> labels_of(const CoseHeaders& headers) {
  std::vector<Bytes> labels;
  if (headers.algorithm) labels.push_back({kAlgorithm});
  if (headers.content_type) labels.push_back({kContentType});
  if (headers.key_id) labels.push_back({kKeyId});
  for (const auto& [label, value] : headers.other) labels.push_back(label);
  return labels;
}

Result<void> check_disjoint(const CoseHeaders& a, const CoseHeaders& b) {
  const std::vector<Bytes> in_a = labels_of(a);
  for (const Bytes& label : labels_of(b)) {
    if (std::ranges::find(in_a, label) != in_a.end()) {
      return fail(Fault::kMalformed,
                  "COSE_Sign1: label " + to_hex(label) + " stands in both headers");
    }
  }
  return {};
}

Result<void> verify(const CoseSign1& message, ByteView payload, ByteView external_aad,
                    const crypto::VerifyKey& key) {
  if (message.protected_headers.algorithm != kCoseEdDsa) {
    return fail(Fault::kUnsupported, "COSE_Sign1: the protected header does not name EdDSA (-8)");
  }
  const auto signature = to_array<crypto::kSignatureSize>(message.signature);
  if (!signature) {
    return fail(Fault::kMalformed, "COSE_Sign1: a signature of " +
                                       std::to_string(message.signature.size()) +
                                       " bytes; Ed25519 has 64");
  }
  const Bytes signed_bytes = sig_structure(message.protected_bytes, external_aad, payload);
  if (key.verify(signed_bytes, *signature)) return {};
  return fail(Fault::kAuthentication,
              "COSE_Sign1: the signature is not of this key over these bytes");
}

}  // namespace

Bytes encode_headers(const CoseHeaders& headers) {
  std::vector<std::pair<Bytes, Bytes>> pairs = headers.other;
  const auto add = [&](std::uint8_t label, Bytes value) {
    pairs.emplace_back(Bytes{label}, std::move(value));
  };
  if (headers.algorithm) add(kAlgorithm, CborWriter().integer(*headers.algorithm).take());
  if (headers.content_type) add(kContentType, *headers.content_type);
  if (headers.key_id) add(kKeyId, CborWriter().bytes(*headers.key_id).take());
  std::ranges::sort(pairs);
  CborWriter out;
  out.map(pairs.size());
  for (const auto& [label, value] : pairs) out.raw(label).raw(value);
  return out.take();
}

Result<CoseHeaders> decode_headers(ByteView map) {
  CborReader reader(map);
  CoseHeaders headers;
  DETENTE_TRY(pairs, reader.map());
  for (std::size_t i = 0; i < pairs; ++i) {
    DETENTE_TRY(label, reader.item());
    DETENTE_TRY_VOID(check_label(label));
    if (label.size() == 1 && label[0] >= kAlgorithm && label[0] <= kKeyId) {
      DETENTE_TRY_VOID(read_parameter(reader, label[0], headers));
    } else {
      DETENTE_TRY(value, reader.item());
      headers.other.emplace_back(to_bytes(label), to_bytes(value));
    }
  }
  DETENTE_TRY_VOID(reader.expect_end());
  return headers;
}

Result<CoseSign1> parse_sign1(ByteView cbor, CoseTag tag) {
  CborReader reader(cbor);
  CoseSign1 message;
  if (tag == CoseTag::kTagged) {
    DETENTE_TRY(number, reader.tag());
    if (number != kCoseSign1Tag) {
      return fail(Fault::kMalformed,
                  "COSE_Sign1: tag " + std::to_string(number) + " where 18 belongs");
    }
  }
  DETENTE_TRY_VOID(reader.array(4));
  DETENTE_TRY(protected_bytes, reader.bytes());
  message.protected_bytes = to_bytes(protected_bytes);
  if (!protected_bytes.empty()) {
    DETENTE_TRY(headers, decode_headers(protected_bytes));
    message.protected_headers = std::move(headers);
  }
  DETENTE_TRY(unprotected, reader.item());
  DETENTE_TRY(headers, decode_headers(unprotected));
  message.unprotected_headers = std::move(headers);
  DETENTE_TRY_VOID(check_disjoint(message.protected_headers, message.unprotected_headers));
  DETENTE_TRY(payload_type, reader.peek());
  if (payload_type == CborType::kNull) {
    DETENTE_TRY_VOID(reader.null());
  } else {
    DETENTE_TRY(payload, reader.bytes());
    message.payload = to_bytes(payload);
  }
  DETENTE_TRY(signature, reader.bytes());
  message.signature = to_bytes(signature);
  DETENTE_TRY_VOID(reader.expect_end());
  return message;
}

Bytes encode_sign1(const CoseSign1& message, CoseTag tag) {
  CborWriter out;
  if (tag == CoseTag::kTagged) out.tag(kCoseSign1Tag);
  out.array(4).bytes(message.protected_bytes).raw(encode_headers(message.unprotected_headers));
  if (message.payload) {
    out.bytes(*message.payload);
  } else {
    out.null();
  }
  return out.bytes(message.signature).take();
}

Bytes sig_structure(ByteView protected_bytes, ByteView external_aad, ByteView payload) {
  const bool is_empty_map = protected_bytes.size() == 1 && protected_bytes[0] == kEmptyMap;
  CborWriter out;
  out.array(4).text("Signature1").bytes(is_empty_map ? ByteView() : protected_bytes);
  return out.bytes(external_aad).bytes(payload).take();
}

CoseSign1 sign1(CoseHeaders protected_headers, CoseHeaders unprotected_headers, ByteView payload,
                CosePayload attach, ByteView external_aad, const crypto::SignKey& key) {
  CoseSign1 message;
  protected_headers.algorithm = kCoseEdDsa;
  message.protected_bytes = encode_headers(protected_headers);
  message.protected_headers = std::move(protected_headers);
  message.unprotected_headers = std::move(unprotected_headers);
  if (attach == CosePayload::kAttached) message.payload = to_bytes(payload);
  const crypto::Signature signature =
      key.sign(sig_structure(message.protected_bytes, external_aad, payload));
  message.signature.assign(signature.begin(), signature.end());
  return message;
}

Result<void> verify_sign1(const CoseSign1& message, ByteView external_aad,
                          const crypto::VerifyKey& key) {
  if (!message.payload) {
    return fail(Fault::kState, "COSE_Sign1: the payload is detached; give it to verify");
  }
  return verify(message, *message.payload, external_aad, key);
}

Result<void> verify_sign1_detached(const CoseSign1& message, ByteView payload,
                                   ByteView external_aad, const crypto::VerifyKey& key) {
  if (message.payload) {
    return fail(Fault::kState, "COSE_Sign1: a payload is attached where a detached one belongs");
  }
  return verify(message, payload, external_aad, key);
}

}  // namespace detente::accord
