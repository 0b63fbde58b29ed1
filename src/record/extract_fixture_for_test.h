// Two sides with an accord, credentials and a store, all from fixed seeds: the
// ground on which extracts are made in tests and from which the golden ones came.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "record/extract_verify.h"
#include "record/tiles.h"

namespace detente::record::test {

// A store that is read from memory; extracts need these few of its answers.
class FakeReader final : public Reader {
 public:
  struct Log {
    std::vector<StoredEntry> entries;
    std::map<TileId, Bytes> tiles;
    std::map<std::uint64_t, StoredCheckpoint> checkpoints;
    std::map<std::uint64_t, StoredCosignature> cosignatures;
  };
  std::map<LogKey, Log> log_by_key;

  std::vector<LineKey> lines() const override { return {}; }
  std::vector<LogInfo> logs(const LineKey&) const override { return {}; }
  std::optional<LogInfo> log_of(const LineKey&, bool, const EpochId&) const override { return {}; }
  std::optional<LogInfo> newest_log(const LineKey&, bool) const override { return {}; }
  std::vector<StoredEntry> entries(const LogKey& log, std::uint64_t from, std::uint64_t to,
                                   std::size_t limit) const override {
    std::vector<StoredEntry> out;
    const auto found = log_by_key.find(log);
    if (found == log_by_key.end()) return out;
    for (const StoredEntry& entry : found->second.entries)
      if (entry.index >= from && entry.index < to && out.size() < limit) out.push_back(entry);
    return out;
  }
  std::vector<StoredEntry> early_entries(const LogKey&) const override { return {}; }
  std::optional<StoredCheckpoint> checkpoint_covering(const LogKey& log,
                                                      std::uint64_t size) const override {
    const auto& all = log_by_key.at(log).checkpoints;
    const auto found = all.lower_bound(size);
    return found == all.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<StoredCosignature> cosignature_covering(const LogKey& log,
                                                        std::uint64_t size) const override {
    const auto& all = log_by_key.at(log).cosignatures;
    const auto found = all.lower_bound(size);
    return found == all.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<StoredCosignature> newest_cosignature(const LogKey&) const override { return {}; }
  std::vector<OutboxItem> outbox(const LineKey&) const override { return {}; }
  bool officer_counter_used(const Digest&, bool, OfficerId, std::uint64_t) const override {
    return false;
  }
  std::optional<LinkState> link_state(const Digest&, const std::string&) const override {
    return {};
  }
  std::optional<Bytes> value(const std::string&) const override { return {}; }
  std::vector<std::pair<BlobKey, StoredBlob>> blobs_from(const BlobKey&, std::size_t) const override { return {}; }
  std::optional<StoredBlob> blob(const BlobKey&) const override { return {}; }
  std::optional<Bytes> piece(const BlobKey&, std::uint64_t) const override { return {}; }
  std::vector<std::pair<std::uint64_t, Digest>> piece_leaves(const BlobKey&) const override { return {}; }
  std::vector<PutEvidence> evidence(const LogKey&, std::size_t) const override { return {}; }
  std::vector<PutEvidence> evidence_of(const LogKey&, std::string_view, const std::optional<EvidenceAbout>&) const override {
    return {};
  }
  std::unique_ptr<TileReader> tiles(const LogKey& log) const override {
    struct Tiles final : TileReader {
      const std::map<TileId, Bytes>* all = nullptr;
      std::optional<Bytes> tile(TileId id) const override {
        const auto found = all->find(id);
        return found == all->end() ? std::nullopt : std::optional(found->second);
      }
    };
    auto out = std::make_unique<Tiles>();
    out->all = &log_by_key.at(log).tiles;
    return out;
  }
};

inline constexpr LineId kWest{1};                    // provable
inline constexpr LineId kQuiet{2};                   // deniable
inline constexpr std::uint32_t kBegin = 1795500000;  // November 2026
inline constexpr OfficerId kMain{1};
inline constexpr OfficerId kDuty{2};

struct SideKeys {
  crypto::SignKey root, log, cosign, officer;
  explicit SideKeys(KeyRandom& random)
      : root(crypto::SignKey::generate(random)),
        log(crypto::SignKey::generate(random)),
        cosign(crypto::SignKey::generate(random)),
        officer(crypto::SignKey::generate(random)) {}
};

// South keeps the store.
class World {
 public:
  explicit World(std::uint64_t seed = 7)
      : random_(seed),
        south_(random_),
        north_(random_),
        in_force(make_accord()),
        south_roster("south", south_.root.verify_key()),
        north_roster("north", north_.root.verify_key()) {
    add_credentials("south", south_, south_roster);
    add_credentials("north", north_, north_roster);
    for (const LineId line : {kWest, kQuiet})
      for (const bool own : {true, false}) reader.log_by_key[log(line, own)];
  }

  // `own`: written by south.
  LogKey log(LineId line, bool own) const {
    EpochId epoch{};
    epoch.fill(own ? own_epoch : 0x4e);
    return {{in_force.lineage, line}, own, own ? "south/main" : "north/main", epoch};
  }
  std::string origin(LineId line, bool own) const {
    const LogKey key = log(line, own);
    return log_origin(key.line.lineage, line, key.station_id, key.epoch);
  }

  const SideKeys& keys(bool own) const { return own ? south_ : north_; }

  void pass(std::uint32_t seconds) { clock_ += seconds; }
  Entry message(LineId line, std::string_view text) {
    Entry entry;
    entry.header.line = line;
    entry.header.time = {clock_ += 60};
    entry.header.precedence = Precedence::kFlash;
    entry.body = to_bytes(as_bytes(text));
    return entry;
  }
  Entry signed_message(LineId line, bool own, std::string_view text, std::uint64_t counter,
                       std::uint32_t accord_version = 1) {
    Entry entry = message(line, text);
    entry.header.author = kDuty;
    const Digest& digest = accord_version == 2 && next_ ? next_->digest : in_force.digest;
    entry.signatures.push_back(sign_entry(entry.header, entry.body, digest, accord_version, kDuty,
                                          counter, keys(own).officer));
    return entry;
  }
  void append(LineId line, bool own, const Entry& entry) {
    FakeReader::Log& at = reader.log_by_key[log(line, own)];
    StoredEntry stored;
    stored.index = at.entries.size();
    stored.bytes = encode_entry(entry);
    stored.salt =
        salt_for(as_bytes("a key of a month, thirty-two byt"), origin(line, own), stored.index);
    stored.leaf = leaf_of(stored.bytes, stored.salt);
    const auto reads = reader.tiles(log(line, own));
    auto changed = extend_tiles(*reads, stored.index, std::vector<Digest>{stored.leaf}).value();
    for (Tile& tile : changed) at.tiles[tile.id] = std::move(tile.bytes);
    at.entries.push_back(std::move(stored));
  }
  // Author's checkpoint over everything so far; the receipt too if `cosigned`.
  void close(LineId line, bool own, bool cosigned) {
    FakeReader::Log& at = reader.log_by_key[log(line, own)];
    const std::uint64_t size = at.entries.size();
    const Digest root = root_at(*reader.tiles(log(line, own)), size).value();
    const Checkpoint checkpoint{origin(line, own), size, root};
    const bool provable = line != kQuiet;
    StoredCheckpoint stored{size, root, {}};
    if (provable) stored.signature = sign_checkpoint(checkpoint, keys(own).log);
    at.checkpoints[size] = stored;
    if (!cosigned) return;
    StoredCosignature receipt{size, root, {}, {}};
    if (provable) {
      receipt.time = {clock_ + 2};
      receipt.signature = cosign(checkpoint, receipt.time.seconds, keys(!own).cosign).signature;
    }
    at.cosignatures[size] = receipt;
  }

  // What the golden files are made of.
  void talk() {
    append(kWest, true, message(kWest, "We see lights at the western post."));
    close(kWest, true, false);
    append(kWest, true,
           signed_message(kWest, true, "Exercise ends at 18:00. Please confirm.", kBegin));
    append(kWest, true, message(kWest, "Weather is fair."));
    close(kWest, true, true);
    append(kWest, false, signed_message(kWest, false, "Confirmed.", kBegin + 5));
    close(kWest, false, true);
    append(kQuiet, true, message(kQuiet, "Between us."));
    close(kQuiet, true, true);
  }

  // What may stand in a record and proves less than it seems, or nothing.
  void talk_badly() {
    Entry entry = signed_message(kWest, true, "Signed once.", kBegin + 100);
    append(kWest, true, entry);
    append(kWest, true, entry);  // the station uses his signature again
    append(kWest, true, signed_message(kWest, true, "Under an accord not shown.", kBegin + 101, 9));
    entry = message(kWest, "The station says that he wrote this.");
    entry.header.author = kDuty;
    append(kWest, true, entry);
    entry = signed_message(kWest, true, "I agree.", kBegin + 102);
    entry.body = to_bytes(as_bytes("I refuse."));
    append(kWest, true, entry);
    entry = signed_message(kWest, true, "In another's name.", kBegin + 103);
    entry.header.author = kMain;
    append(kWest, true, entry);
    entry = message(kWest, "Signed with the log's key.");
    entry.header.author = kMain;
    entry.signatures.push_back(sign_entry(entry.header, entry.body, in_force.digest, 1, kMain,
                                          kBegin + 104, keys(true).log));
    append(kWest, true, entry);
    entry = message(kWest, "After the credential's end.");
    entry.header.time.seconds += 2'000'000;
    append(kWest, true, entry);
    close(kWest, true, true);
    append(kWest, true, message(kWest, "Not receipted."));
    close(kWest, true, false);
  }

  // Both stations' credentials last longer, by others with the same keys.
  void renew_stations() {
    for (const bool own : {true, false}) {
      accord::Roster& roster = own ? south_roster : north_roster;
      accord::Credential renewed = roster.by_number(kMain)->credential;
      renewed.number = OfficerId{9};
      renewed.not_after.seconds += 9'000'000;
      (void)roster.add(accord::issue_credential(renewed, keys(own).root).value()).value();
    }
  }

  // A second version of the accord, under which both go on. `root`: south's root key from then on.
  void succeed(const crypto::SignKey* root = nullptr) {
    accord::Accord next = in_force.accord;
    next.version = 2;
    next.predecessor = in_force.digest;
    next.lineage = in_force.lineage;
    next.session.heartbeat_seconds = 30;
    if (root != nullptr) {
      next.sides[next.sides[0].name == "south" ? 0 : 1].root = root->verify_key();
      next.sides[next.sides[0].name == "south" ? 0 : 1].retired = accord::RetiredRoot{4, kDuty.value};
    }
    auto note = accord::parse_accord_note(as_bytes(accord::write_accord(next).value())).value();
    if (root != nullptr)
      note = accord::sign_renewal(std::move(note), accord::parse_accord_note(as_bytes(in_force.note)).value(), south_.root).value();
    note = accord::sign_accord(std::move(note), root == nullptr ? south_.root : *root).value();
    note = accord::sign_accord(std::move(note), north_.root).value();
    std::vector<std::string> texts;
    for (const auto& [line, text] : in_force.annex_texts) texts.push_back(text);
    next_ = std::make_unique<accord::AccordInForce>(
        accord::assemble_accord(as_bytes(note.encode()), texts).value());
    accords_.push_back(next_.get());
  }

  ExtractSources sources() const { return {accords_, &south_roster, &north_roster}; }
  Result<Bytes> extract(const std::vector<ExtractChoice>& choices) const {
    return make_extract(reader, sources(), choices);
  }
  TrustAnchor anchor() const {
    return {{{"south", south_.root.verify_key()}, {"north", north_.root.verify_key()}}, {}};
  }

 private:
  SeededRandom random_;
  SideKeys south_, north_;
  std::uint32_t clock_ = kBegin;

 public:
  std::uint8_t own_epoch = 0x51;  // of south's logs, in each byte
  accord::AccordInForce in_force;
  accord::Roster south_roster, north_roster;
  FakeReader reader;

 private:
  std::unique_ptr<accord::AccordInForce> next_;
  std::vector<const accord::AccordInForce*> accords_{&in_force};

  accord::AccordInForce make_accord() {
    const auto card = [&](const char* side, const char* name, const SideKeys& keys) {
      const auto note = accord::make_card(side, name, {kBegin - 86400}, keys.root).value();
      return accord::parse_card(as_bytes(note)).value();
    };
    accord::Accord accord = accord::draft_accord(card("south", "The South", south_),
                                                 card("north", "The North", north_));
    accord.paths.push_back({PathId{1}, "fibre", accord::PathKind::kUdp});
    std::vector<std::string> texts;
    const auto add = [&](LineId line, const char* name, accord::Evidence evidence) {
      texts.push_back(
          accord::write_annex(accord::draft_annex(line, name, {"fibre"}, evidence, random_))
              .value());
      accord.lines.push_back({line, accord::annex_digest(texts.back())});
    };
    add(kAccordLine, "accord", accord::Evidence::kProvable);
    add(kWest, "military-west", accord::Evidence::kProvable);
    add(kQuiet, "quiet", accord::Evidence::kDeniable);
    auto note = accord::parse_accord_note(as_bytes(accord::write_accord(accord).value())).value();
    note = accord::sign_accord(std::move(note), south_.root).value();
    note = accord::sign_accord(std::move(note), north_.root).value();
    return accord::assemble_accord(as_bytes(note.encode()), texts).value();
  }

  void add_credentials(const char* side, const SideKeys& keys, accord::Roster& roster) {
    const auto agree = [&] { return crypto::AgreeKey::generate(random_).public_key(); };
    accord::Credential station{.role = accord::CredentialRole::kStation,
                               .side = side,
                               .post = "main",
                               .number = kMain,
                               .sign_key = keys.log.verify_key(),
                               .agree_key = agree(),
                               .cosign_key = keys.cosign.verify_key(),
                               .lines = {},
                               .not_before = {kBegin - 1000},
                               .not_after = {kBegin + 1000000},
                               .person = {}};
    accord::Credential officer = station;
    officer.role = accord::CredentialRole::kOfficer;
    officer.post = "duty-officer";
    officer.number = kDuty;
    officer.sign_key = keys.officer.verify_key();
    officer.agree_key = agree();
    officer.cosign_key.reset();
    officer.lines = std::vector<LineId>{kWest, kQuiet};
    officer.person = accord::person_digest(accord::open_person("Kim", random_));
    for (const auto& credential : {station, officer})
      (void)roster.add(accord::issue_credential(credential, keys.root).value()).value();
  }
};

}  // namespace detente::record::test
