#include "crypto/seal_stream.h"

#include <algorithm>
#include <optional>

#include "crypto/age.h"

namespace detente::crypto {

namespace {
constexpr std::size_t kSealedChunk = kAgeChunkSize + kAeadTagSize;
}  // namespace

// Both hold back up to one whole chunk: whether it is the last one is known when more comes.
struct SealStream::State {
  AeadKey key;
  Bytes held{};
  std::uint64_t number = 0;
  explicit State(AeadKey payload_key) : key(std::move(payload_key)) {}
  State(const State&) = delete;
  ~State() { wipe(held); }

  void seal(bool last, Bytes& out) {
    append(out, key.seal(age_chunk_nonce(number++, last), {}, held));
    wipe(held);
    held.clear();
  }
};

SealStream::SealStream(std::string_view passphrase, int work_factor, KeyRandom& random,
                       Bytes& out) {
  const AgeBeginning begun = begin_age_file(passphrase, work_factor, random);
  const auto nonce = random.array<kAgeNonceSize>();
  append(out, begun.header);
  append(out, nonce);
  state_ = std::make_unique<State>(age_payload_key(begun.file_key.view(), nonce));
  state_->held.reserve(kAgeChunkSize);
}

SealStream::SealStream(SealStream&&) noexcept = default;
SealStream& SealStream::operator=(SealStream&&) noexcept = default;
SealStream::~SealStream() = default;

void SealStream::add(ByteView plain, Bytes& out) {
  while (!plain.empty()) {
    if (state_->held.size() == kAgeChunkSize) state_->seal(false, out);
    const std::size_t part = std::min(plain.size(), kAgeChunkSize - state_->held.size());
    append(state_->held, plain.first(part));
    plain = plain.subspan(part);
  }
}

void SealStream::finish(Bytes& out) { state_->seal(true, out); }

struct OpenStream::State {
  SecretBytes file_key;
  std::size_t taken = 0;
  std::optional<AeadKey> key{};  // once the nonce has come
  Bytes held{};
  std::uint64_t number = 0;

  Result<void> open_chunk(bool last, Bytes& out) {
    auto opened = key->open(age_chunk_nonce(number, last), {}, held);
    if (!opened || (opened->empty() && number > 0))
      return fail(Fault::kMalformed,
                  "age file: part " + std::to_string(number + 1) +
                      " of its contents is damaged, or the file is cut off; use another copy");
    ++number;
    held.clear();
    append(out, *opened);
    wipe(*opened);
    return {};
  }
};

OpenStream::OpenStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
OpenStream::OpenStream(OpenStream&&) noexcept = default;
OpenStream& OpenStream::operator=(OpenStream&&) noexcept = default;
OpenStream::~OpenStream() = default;

Result<OpenStream> OpenStream::open(ByteView beginning, std::string_view passphrase) {
  DETENTE_TRY(header, open_age_header(beginning, passphrase));
  return OpenStream(std::make_unique<State>(State{std::move(header.file_key), header.size}));
}

std::size_t OpenStream::taken() const { return state_->taken; }

Result<void> OpenStream::add(ByteView sealed, Bytes& out) {
  while (!sealed.empty()) {
    const std::size_t wanted = state_->key ? kSealedChunk : kAgeNonceSize;
    if (state_->key && state_->held.size() == wanted) {
      DETENTE_TRY_VOID(state_->open_chunk(false, out));
      continue;
    }
    const std::size_t part = std::min(sealed.size(), wanted - state_->held.size());
    append(state_->held, sealed.first(part));
    sealed = sealed.subspan(part);
    if (state_->key || state_->held.size() < wanted) continue;
    state_->key.emplace(age_payload_key(state_->file_key.view(), state_->held));
    state_->held.clear();
  }
  return {};
}

Result<void> OpenStream::finish(Bytes& out) {
  if (!state_->key || state_->held.size() < kAeadTagSize)
    return fail(Fault::kMalformed, "age file: it ends before its contents; the file is cut off");
  return state_->open_chunk(true, out);
}

}  // namespace detente::crypto
