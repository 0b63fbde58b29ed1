#include "lab.h"

#include <array>

#include "crypto/aead.h"

namespace detente::cli {
namespace {

constexpr std::array kCounterparts = {"north", "west", "east"};
constexpr const char* kSouthDisplay = "Republic of South";

std::string display_of(const std::string& name) {
  std::string capital = name;
  capital.front() = static_cast<char>(capital.front() - 'a' + 'A');
  return "Republic of " + capital;
}

std::string counterpart_name(std::size_t i) {
  return i < kCounterparts.size() ? kCounterparts[i] : "side-" + std::to_string(i + 1);
}

// A side while the ceremony goes on: the vault is open.
struct Member {
  SideDir side;
  crypto::SignKey root;
  std::string passphrase;
  LabSide view;
};

class Laboratory {
 public:
  Laboratory(const LabChoices& choices, WallTime now, KeyRandom& random)
      : choices_(choices), now_(now), random_(random) {
    next_port_ = choices.first_port ? *choices.first_port : any_first_port(random);
  }

  Result<std::vector<LabSide>> make() {
    DETENTE_TRY_VOID(prepare());
    DETENTE_TRY(south, make_member("south", kSouthDisplay, choices_.officers));
    std::vector<LabSide> others;
    for (std::size_t i = 0; i < choices_.counterparts; ++i) {
      const std::string name = counterpart_name(i);
      DETENTE_TRY(other, make_member(name, display_of(name), choices_.their_officers));
      DETENTE_TRY_VOID(join(south, other));
      others.push_back(std::move(other.view));
    }
    std::error_code ignored;  // nothing secret lies there
    std::filesystem::remove_all(exchange(), ignored);
    std::vector<LabSide> out = {std::move(south.view)};
    for (LabSide& other : others) out.push_back(std::move(other));
    return out;
  }

 private:
  io::Path exchange() const { return choices_.dir / "exchange"; }

  Result<void> prepare() {
    std::error_code error;
    DETENTE_TRY(there, io::is_there(choices_.dir));
    if (there && !std::filesystem::is_empty(choices_.dir, error))
      return fail(Fault::kConflict,
                  choices_.dir.string() + ": is not empty; name a directory that is not there yet");
    for (const std::string& provider : choices_.providers)
      DETENTE_TRY_VOID(crypto::load_provider(provider));
    return io::make_directory(choices_.dir);
  }

  Sealing sealing(const Member& member) const {
    return {member.passphrase, choices_.work_factor, random_};
  }

  Result<Member> make_member(const std::string& name, const std::string& display,
                             const std::vector<std::string>& officers) {
    const io::Path dir = choices_.dir / name, phrase_file = choices_.dir / (name + ".passphrase");
    const std::string passphrase = to_hex(random_.array<16>());
    DETENTE_TRY_VOID(io::write_new_file(phrase_file, as_bytes(passphrase + "\n"), io::kSecretMode));
    const station::SideInfo info{name, display, now_, phrase_file.string()};
    DETENTE_TRY(side, init_side(dir, {}, info, {passphrase, choices_.work_factor, random_}));
    DETENTE_TRY(root, side.open_root(passphrase));
    Member member{std::move(side),
                  std::move(root),
                  passphrase,
                  {name, dir, name + "/main", officers, phrase_file, {}}};
    for (const std::string& officer : officers) {
      OfficerChoices choice{officer, "duty-officer", accord::CredentialRole::kOfficer, {}, "", 365};
      DETENTE_TRY(issued, enrol_officer(member.side, choice, member.root, sealing(member), now_));
    }
    return member;
  }

  // The whole ceremony between two sides, in its order.
  Result<void> join(Member& south, Member& other) {
    DETENTE_TRY_VOID(exchange_cards(south, other));
    DETENTE_TRY_VOID(agree(south, other));
    DETENTE_TRY_VOID(exchange_secrets(south, other));
    DETENTE_TRY(paths, choose_addresses());
    DETENTE_TRY_VOID(enrol(south, other.view.name, paths.first));
    DETENTE_TRY_VOID(enrol(other, south.view.name, paths.second));
    DETENTE_TRY_VOID(exchange_bulletins(south, other));
    DETENTE_TRY_VOID(finish(south, other.view.name));
    DETENTE_TRY_VOID(finish(other, south.view.name));
    if (south.view.links.back().words != other.view.links.back().words)
      return fail(Fault::kConflict, "lab: the two sides' fingerprint words differ");
    return {};
  }

  Result<void> exchange_cards(const Member& a, const Member& b) {
    for (const auto& [from, to] : {std::pair(&a, &b), std::pair(&b, &a)}) {
      DETENTE_TRY(card, from->side.own_card_note());
      DETENTE_TRY_VOID(to->side.import_card(card));
    }
    return {};
  }

  Result<void> agree(const Member& south, const Member& other) {
    DraftChoices draft;
    draft.counterpart = other.view.name;
    draft.lines = choices_.lines;
    for (std::size_t i = 0; i < choices_.paths; ++i)
      draft.paths.push_back({"path" + std::to_string(i + 1), i < choices_.kinds.size()
                                                                 ? choices_.kinds[i]
                                                                 : accord::PathKind::kUdp});
    draft.aead = choices_.aead;
    draft.their_aead = choices_.their_aead;
    draft.seal = choices_.seal_both ? "both" : south.view.name;
    draft.cipher_vectors = choices_.cipher_vectors;
    draft.heartbeat_seconds = choices_.heartbeat_seconds;
    draft.unknown_zones = choices_.unknown_zones;
    DETENTE_TRY(files, draft_accord_files(south.side, draft, now_, random_));
    DETENTE_TRY_VOID(south.side.save_accord_files(other.view.name, files));
    DETENTE_TRY(by_south, sign_accord_files(south.side, other.view.name, south.root));
    const io::Path there = exchange() / ("to-" + other.view.name);
    const io::Path back = exchange() / ("from-" + other.view.name);
    DETENTE_TRY_VOID(station::write_accord_files(there, by_south));
    DETENTE_TRY_VOID(import_accord(other.side, there, false));
    DETENTE_TRY(by_both, sign_accord_files(other.side, south.view.name, other.root));
    DETENTE_TRY_VOID(station::write_accord_files(back, by_both));
    DETENTE_TRY_VOID(import_accord(south.side, back, false));
    DETENTE_TRY(complete, south.side.accord_files(other.view.name));
    DETENTE_TRY(unknown, check_accord_here(complete));
    return {};
  }

  Result<void> exchange_secrets(const Member& a, const Member& b) {
    for (const auto& [from, to] : {std::pair(&a, &b), std::pair(&b, &a)}) {
      DETENTE_TRY(key, make_secret(from->side, to->view.name, sealing(*from)));
      DETENTE_TRY(carried, accord::parse_hand_key(accord::encode_hand_key(key).view()));
      DETENTE_TRY_VOID(take_secret(to->side, from->view.name, carried, sealing(*to)));
    }
    return {};
  }

  using Paths = std::vector<station::PathConfig>;
  Result<std::pair<Paths, Paths>> choose_addresses() {
    DETENTE_TRY(ports, free_ports(choices_.paths * 4, next_port_));
    next_port_ = static_cast<std::uint16_t>(ports.back() + 1);
    Paths south, other;
    for (std::size_t i = 0; i < choices_.paths; ++i) {
      const auto at = [&](std::size_t k) {
        return station::Address{"127.0.0.1", ports[4 * i + k]};
      };
      const std::string name = "path" + std::to_string(i + 1);
      south.push_back({name, at(0), at(choices_.gap ? 2 : 1)});
      other.push_back({name, at(1), at(choices_.gap ? 3 : 0)});
    }
    return std::pair(std::move(south), std::move(other));
  }

  Result<void> enrol(Member& member, const std::string& peer, const Paths& paths) {
    StationChoices station;
    station.peers = {{peer, "main", paths}};
    station.providers = choices_.providers;
    DETENTE_TRY(issued, enrol_station(member.side, station, member.root, now_, random_));
    member.view.links.push_back({peer, {}, {}, {}, paths});
    return {};
  }

  Result<void> exchange_bulletins(const Member& a, const Member& b) {
    for (const auto& [from, to] : {std::pair(&a, &b), std::pair(&b, &a)}) {
      DETENTE_TRY(file, export_bulletins(from->side));
      DETENTE_TRY_VOID(import_bulletins(to->side, file));
    }
    return {};
  }

  Result<void> finish(Member& member, const std::string& peer) {
    LabLink& link = member.view.links.back();
    DETENTE_TRY(words, ceremony_words(member.side, peer, member.passphrase));
    DETENTE_TRY_VOID(link_station(member.side, peer, member.passphrase));
    DETENTE_TRY(accord, member.side.accord_in_force(peer));
    link.accord = accord.digest;
    link.words = words.words;
    for (const auto& [id, annex] : accord.annexes) link.lines.push_back(annex);
    return {};
  }

  const LabChoices& choices_;
  WallTime now_;
  KeyRandom& random_;
  std::uint16_t next_port_ = 0;
};

}  // namespace

Result<std::vector<LabSide>> make_lab(const LabChoices& choices, WallTime now, KeyRandom& random) {
  return Laboratory(choices, now, random).make();
}

}  // namespace detente::cli
