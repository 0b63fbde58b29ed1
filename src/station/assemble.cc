#include "station/assemble.h"

#include <algorithm>
#include <set>

#include "base/civil.h"
#include "crypto/hash.h"

namespace detente::station {

namespace {

Result<crypto::AeadAlgorithm> load_cipher(const accord::AccordSide& side,
                                          const AccordFiles& files) {
  DETENTE_TRY(algorithm, crypto::AeadAlgorithm::load(side.aead));
  const auto vectors = files.cipher_vectors.find(side.aead);
  if (vectors == files.cipher_vectors.end())
    return fail(Fault::kNotFound, "there are no test vectors of the cipher " + side.aead +
                                      ": take the accord's files from the other side again");
  const Result<void> good = algorithm.check_vectors(vectors->second);
  if (!good) return fail_at("the cipher " + side.aead + " of side " + side.name, good.error());
  return algorithm;
}

// Each direction: the sender's choice inside, the receiver's outside.
Result<std::pair<link::Layers, link::Layers>> load_layers(const accord::Accord& accord,
                                                          const std::string& own,
                                                          const AccordFiles& files) {
  if (!accord.seals_both()) {
    DETENTE_TRY(one, load_cipher(*accord.side(accord.seal), files));
    return std::pair(link::Layers{one}, link::Layers{one});
  }
  DETENTE_TRY(ours, load_cipher(*accord.side(own), files));
  DETENTE_TRY(theirs, load_cipher(*accord.side_opposite(own), files));
  return std::pair(link::Layers{ours, theirs}, link::Layers{theirs, ours});
}

Result<std::shared_ptr<const wire::TextCoder>> coder_for(ByteView dictionary, Coders& coders) {
  std::shared_ptr<const wire::TextCoder>& known = coders[crypto::sha256({dictionary})];
  if (known) return known;
  DETENTE_TRY(coder, wire::TextCoder::with_dictionary(dictionary));
  known = std::make_shared<const wire::TextCoder>(std::move(coder));
  return known;
}

core::LinkPolicy policy_of(const accord::SessionTerms& terms) {
  core::LinkPolicy out;
  out.fresh_handshake = std::chrono::minutes(terms.fresh_handshake_minutes);
  out.heartbeat = std::chrono::seconds(terms.heartbeat_seconds);
  out.rekey_packets = terms.rekey_packets;
  out.rekey_age = std::chrono::minutes(terms.rekey_minutes);
  out.secret_step_seconds = terms.secret_step_hours * 3600;
  return out;
}

std::vector<core::LineSetup> line_setups(const accord::AccordInForce& accord,
                                         const CounterpartConfig& config) {
  std::vector<core::LineSetup> out;
  for (const auto& [id, annex] : accord.annexes) {
    core::LineSetup line;
    line.id = id;
    line.name = annex.name;
    line.provable = annex.provable();
    line.highest = static_cast<record::Precedence>(annex.highest_precedence);
    line.outbox_max = annex.queue_entries;
    line.documents = annex.allows_medium(accord::Medium::kDocument);
    line.desk_restores = annex.desk_restores;
    line.log_only = annex.log_only;
    for (const std::string& name : annex.paths)
      if (config.path(name) != nullptr) line.paths.push_back(accord.accord.path(name)->number);
    if (line.paths.size() == config.paths.size()) line.paths.clear();  // every one
    out.push_back(std::move(line));
  }
  return out;
}

Result<void> check_paths(const CounterpartConfig& config, const accord::Accord& accord) {
  for (const PathConfig& path : config.paths) {
    const accord::AccordPath* agreed = accord.path(path.name);
    if (agreed == nullptr)
      return fail(Fault::kConflict, "station.toml names the path " + path.name + " to " +
                                        config.name +
                                        ", which the accord does not have: correct the name, or take the "
                                        "path out, and start the station again");
    if (agreed->kind != accord::PathKind::kUdp && agreed->kind != accord::PathKind::kTcp)
      return fail(Fault::kUnsupported, "the path " + path.name + " is of kind " +
                                           accord::to_string(agreed->kind) +
                                           ", which this version does not carry: remove it from "
                                           "station.toml");
  }
  return {};
}

// Each line needs a path that both the accord allows it and this station has.
Result<void> check_lines(const CounterpartConfig& config, const accord::AccordInForce& accord) {
  if (config.paths.empty())
    return fail(Fault::kNotFound, "station.toml names no path to " + config.name +
                                      ": add one with `detente station path`");
  for (const auto& [id, annex] : accord.annexes)
    if (std::none_of(annex.paths.begin(), annex.paths.end(),
                     [&](const std::string& name) { return config.path(name) != nullptr; }))
      return fail(Fault::kConflict, "station.toml has none of the paths that the accord allows line " +
                                        annex.name + " to " + config.name + ": add one of them");
  return {};
}

// As a pair of stations at these posts has it: without the annexes of lines that others carry.
Result<accord::AccordInForce> assemble_carried(const AccordFiles& files, const std::string& post, const std::string& their_post) {
  DETENTE_TRY(out, accord::assemble_accord(as_bytes(files.note.encode()), files.annexes));
  std::erase_if(out.annexes, [&](const auto& line) { return !line.second.carried_between(post, their_post); });
  return out;
}

core::Limits limits_of(const CounterpartConfig& config) {
  core::Limits out;
  if (config.line_burst_mib != 0) out.entry_bytes_at_once = std::uint64_t{config.line_burst_mib} << 20;
  if (config.line_mib_a_day != 0) out.entry_bytes_a_day = std::uint64_t{config.line_mib_a_day} << 20;
  // The other side gives back what this one lost of the accord line, too.
  out.accord_bytes_at_once = std::max(out.accord_bytes_at_once, out.entry_bytes_at_once / 8);
  out.accord_bytes_a_day = std::max(out.accord_bytes_a_day, out.entry_bytes_a_day / 1024);
  return out;
}

// IP and UDP, or IP, TCP with its timestamps and the frame's length. A name is taken for one of IPv4.
std::size_t framing_bytes(accord::PathKind kind, const Address& peer) {
  const std::size_t ip = peer.host.find(':') != std::string::npos ? 40 : 20;
  return ip + (kind == accord::PathKind::kTcp ? 34 : 8);
}

}  // namespace

std::vector<record::LineKey> lines_of(const Counterpart& counterpart) {
  std::set<record::LineKey> out;
  for (const accord::AccordInForce* accord : counterpart.lineage())
    for (const auto& [id, annex] : accord->annexes) out.insert({accord->lineage, id});
  return {out.begin(), out.end()};
}

Lineage Counterpart::lineage() const {
  Lineage out;
  for (const auto& one : former) out.push_back(one.get());
  out.push_back(&accord);
  return out;
}

const accord::Annex* Counterpart::annex_or_retired(LineId line) const {
  const accord::Annex* annex = accord.annex(line);
  return annex != nullptr ? annex : retired(line);
}

const accord::Annex* Counterpart::retired(LineId line) const {
  if (accord.annex(line) != nullptr) return nullptr;
  for (auto one = former.rbegin(); one != former.rend(); ++one)
    if (const accord::Annex* annex = (*one)->annex(line)) return annex;
  return nullptr;
}

const accord::Annex* Counterpart::retired_named(std::string_view line) const {
  for (auto one = former.rbegin(); one != former.rend(); ++one)
    if (const accord::Annex* annex = (*one)->line_named(line); annex != nullptr && accord.annex(annex->line) == nullptr)
      return annex;
  return nullptr;
}

Result<std::unique_ptr<Counterpart>> load_counterpart(const SideDir& dir,
                                                      const StationConfig& config,
                                                      const CounterpartConfig& counterpart,
                                                      Coders& coders) {
  DETENTE_TRY(in_force, dir.accord_in_force(counterpart.name));  // says which step is missing
  DETENTE_TRY(all, dir.lineage_files(counterpart.name));
  DETENTE_TRY(out, make_counterpart(dir, config, counterpart, all.back(), coders));
  if (out->accord.digest != in_force.digest)
    return fail(Fault::kConflict, "accords/" + counterpart.name + "/in-force names a version that is not there");
  all.pop_back();
  for (const AccordFiles& files : all) {
    DETENTE_TRY(former, assemble_carried(files, config.post, counterpart.their_post));
    out->former.push_back(std::make_unique<const accord::AccordInForce>(std::move(former)));
  }
  return out;
}

Result<std::unique_ptr<Counterpart>> make_counterpart(const SideDir& dir, const StationConfig& config,
                                                      const CounterpartConfig& counterpart,
                                                      const AccordFiles& files, Coders& coders) {
  DETENTE_TRY(accord, assemble_carried(files, config.post, counterpart.their_post));
  if (accord.accord.side(dir.name()) == nullptr || accord.accord.side(counterpart.name) == nullptr)
    return fail(Fault::kConflict, "the accord in accords/" + counterpart.name + " is not between " +
                                      dir.name() + " and " + counterpart.name);
  DETENTE_TRY_VOID(check_paths(counterpart, accord.accord));
  DETENTE_TRY_VOID(check_lines(counterpart, accord));
  DETENTE_TRY(layers, load_layers(accord.accord, dir.name(), files));
  DETENTE_TRY(coder, coder_for(files.dictionary, coders));
  DETENTE_TRY(roster, dir.roster_of(counterpart.name));
  DETENTE_TRY(own, dir.own_roster());
  return std::unique_ptr<Counterpart>(
      new Counterpart{{},
                      counterpart,
                      std::move(accord),
                      std::move(roster),
                      std::move(coder),
                      layers.first,
                      layers.second,
                      dir.name() + "/" + config.post,
                      counterpart.name + "/" + counterpart.their_post,
                      !own.revoked_stations(config.post).empty()});
}

FarStation far_station(const Counterpart& counterpart) {
  FarStation out;
  out.current = counterpart.roster.station(counterpart.config.their_post);
  for (const accord::SignedCredential* one : counterpart.roster.revoked_stations(counterpart.config.their_post))
    if (out.current == nullptr || one->credential.agree_key != out.current->credential.agree_key)
      out.revoked.push_back(one);
  return out;
}

std::optional<core::FarKeys> FarStation::keys() const {
  if (current == nullptr) return std::nullopt;
  const accord::Credential& station = current->credential;
  return core::FarKeys{station.agree_key, station.sign_key, *station.cosign_key};
}

core::FormerStations FarStation::former(const Counterpart& counterpart) const {
  core::FormerStations out;
  for (const accord::SignedCredential* one : revoked) out.theirs.push_back(one->credential.agree_key);
  out.ours = counterpart.own_was_lost;
  out.this_one = counterpart.own_is_lost;
  return out;
}

Result<core::PeerSetup> make_peer_setup(const Counterpart& counterpart, const StationKeys& keys,
                                        PairFile pair, std::map<core::SocketId, PathId> sockets,
                                        bool link_known, bool new_epoch) {
  const accord::AccordInForce& accord = counterpart.accord;
  const std::string& name = counterpart.name();
  if (pair.lineage != accord.lineage || pair.our_station != counterpart.our_station ||
      pair.their_station != counterpart.their_station)
    return fail(Fault::kConflict, "station/pairs/" + name + ".key is of " + pair.our_station +
                                      " and " + pair.their_station +
                                      " under another accord: enrol the station again");
  if (!link_known && !pair.psk_0)
    return fail(
        Fault::kState,
        "station/pairs/" + name +
            ".key has no first secret any more and the record holds none: the record was lost. "
            "Restore station/record.db from a backup and start with --after-restore, or enrol "
            "the station again from the vault");
  const FarStation far = far_station(counterpart);
  // Of a station that was revoked before there is another: its keys stand in the setup and are not heard.
  const accord::SignedCredential* theirs =
      far.current == nullptr && !far.revoked.empty() ? far.revoked.back() : far.current;
  if (theirs == nullptr)
    return fail(Fault::kNotFound, "there is no credential of the station " +
                                      counterpart.their_station +
                                      ": import the bulletin in which " + name + " issued it");
  DETENTE_TRY(salts, accord::SaltChain::resume(pair.salt_month, std::move(pair.salt_key)));

  link::PairConfig link_pair;
  link_pair.we_are_first = accord.accord.first().name != name;
  link_pair.accord = accord.digest;
  link_pair.local_static = &keys.noise;
  link_pair.remote_static = theirs->credential.agree_key;
  link_pair.send_layers = counterpart.own_seal;
  link_pair.receive_layers = counterpart.their_seal;
  std::map<PathId, link::PathTerms> path_terms;
  for (const accord::AccordPath& path : accord.accord.paths)
    if (const PathConfig* here = counterpart.config.path(path.name)) {
      link_pair.paths.push_back(path.number);
      path_terms[path.number] = {here->rate, here->packet_bytes, framing_bytes(path.kind, here->peer)};
    }

  core::DocumentTerms documents;
  documents.length_max = std::uint64_t{accord.accord.limits.document_mib} << 20;
  documents.room = std::uint64_t{counterpart.config.document_room_mib} << 20;
  for (const record::LineKey& line : lines_of(counterpart))
    if (counterpart.retired(line.line) != nullptr) documents.cut.insert(line.line);  // what was under way stays where it is

  SecretBytes first_psk;
  if (pair.psk_0) first_psk = std::move(*pair.psk_0);
  return core::PeerSetup{
      core::PairIdentity{counterpart.peer, name, accord.lineage, accord.digest,
                         accord.accord.version, counterpart.our_station, counterpart.their_station,
                         &keys.log, &keys.cosign, theirs->credential.sign_key,
                         *theirs->credential.cosign_key, std::move(salts), counterpart.coder.get(),
                         limits_of(counterpart.config),
                         counterpart.former.empty() ? std::nullopt : std::optional(counterpart.former.back()->digest)},
      core::LinkSetup{name, accord.lineage, std::move(link_pair), std::move(pair.keys),
                      std::move(first_psk), policy_of(accord.accord.session),
                      std::move(path_terms), far.current == nullptr, far.former(counterpart).theirs,
                      counterpart.own_was_lost},
      line_setups(accord, counterpart.config),
      std::move(sockets),
      new_epoch,
      std::move(documents)};
}

Result<const accord::SignedCredential*> own_credential(const accord::Roster& own,
                                                       const StationKeys& keys,
                                                       const std::string& post) {
  const accord::SignedCredential* found = own.by_number(keys.number);
  if (found == nullptr)
    return fail(Fault::kNotFound, "credential " + std::to_string(keys.number.value) +
                                      " of this station is not in bulletins/" + own.side() +
                                      ": enrol the station, or copy the bulletin there");
  const accord::Credential& credential = found->credential;
  if (!credential.is_station() || credential.post != post ||
      credential.sign_key != keys.log.verify_key() ||
      credential.cosign_key != keys.cosign.verify_key() ||
      credential.agree_key != keys.noise.public_key())
    return fail(Fault::kConflict,
                "station/station.key and the station's credential do not fit: the "
                "key file is of another station");
  if (own.revoked(keys.number))
    return fail(Fault::kDenied, "this station (" + own.side() + "/" + post + ", no. " + std::to_string(keys.number.value) +
                                    ") was declared lost by its own side" +
                                    (own.revoked_at(keys.number) ? " on " + format_utc(*own.revoked_at(keys.number)) : "") +
                                    ": its keys are not taken any more. A new station needs a directory of its own: "
                                    "detente station enrol");
  return found;
}

}  // namespace detente::station
