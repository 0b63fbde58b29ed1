// The parts of SideDir that touch secrets: the vault, officers' keys, the
// station's keys and pairs.
#include "crypto/seal.h"
#include "station/sealed_file.h"
#include "station/side_dir.h"

namespace detente::station {
namespace {

Result<void> seal_new(const Path& file, ByteView plain, const Sealing& sealing) {
  DETENTE_TRY_VOID(io::make_directory(file.parent_path()));
  // Before half a second of scrypt: never over another key.
  DETENTE_TRY(there, io::is_there(file));
  if (there)
    return fail(Fault::kConflict, file.string() +
                                      ": is there already, and no key is ever overwritten; move it "
                                      "away if you mean to make a new one");
  const Bytes sealed =
      crypto::seal_with_passphrase(plain, sealing.passphrase, sealing.work_factor, sealing.random);
  return io::write_new_file(file, sealed, io::kSecretMode);
}

template <typename T>
Result<T> at(const Path& path, Result<T> result) {
  if (!result) return fail_at(path.string(), result.error());
  return result;
}

}  // namespace

Result<SecretBytes> open_sealed(const Path& file, std::string_view passphrase) {
  DETENTE_TRY(sealed, io::read_file(file, kSealedMax));
  auto plain = crypto::open_with_passphrase(sealed, passphrase);
  if (!plain) return fail_at(file.string(), plain.error());
  return plain;
}

// ---- vault ----

Result<void> SideDir::seal_root(const crypto::SignKey& root, const Sealing& sealing) const {
  return seal_new(root_file(), root.seed(), sealing);
}

Path SideDir::hand_key_file(std::string_view counterpart, Whose whose) const {
  const std::string stem = whose == Whose::kOwn ? "handkey-own-" : "handkey-their-";
  return vault_ / (stem + card_file(counterpart).stem().string() + ".age");
}

bool SideDir::has_hand_key(std::string_view counterpart, Whose whose) const {
  return io::exists(hand_key_file(counterpart, whose));
}

Result<accord::HandKey> SideDir::open_hand_key(std::string_view counterpart, Whose whose,
                                               std::string_view passphrase) const {
  const Path file = hand_key_file(counterpart, whose);
  if (!io::exists(file)) {
    const std::string with(counterpart);
    return fail(Fault::kNotFound, whose == Whose::kOwn
                                      ? "no hand key of this side for " + with + " in " +
                                            vault_.string() + "; first: detente secret make " +
                                            with + " --out FILE"
                                      : "no hand key from " + with + " in " + vault_.string() +
                                            "; first: detente secret take " + with + " FILE");
  }
  DETENTE_TRY(plain, open_sealed(file, passphrase));
  return at(file, accord::parse_hand_key(plain.view()));
}

Result<void> SideDir::seal_hand_key(std::string_view counterpart, Whose whose,
                                    const accord::HandKey& key, const Sealing& sealing) const {
  return seal_new(hand_key_file(counterpart, whose), accord::encode_hand_key(key).view(), sealing);
}

// ---- officers ----

Result<OfficerKeys> SideDir::open_officer(std::string_view name,
                                          std::string_view passphrase) const {
  DETENTE_TRY(known, officer(name));
  Path file = officer_file(known.name);
  file.replace_extension(".age");
  DETENTE_TRY(plain, open_sealed(file, passphrase));
  return at(file, parse_officer_keys(plain.view()));
}

Result<std::optional<OfficerKeys>> SideDir::officer_keys_left(std::string_view name, std::string_view passphrase) const {
  Path sealed = officer_file(name);
  sealed.replace_extension(".age");
  DETENTE_TRY(there, io::is_there(sealed));
  if (!there) return std::optional<OfficerKeys>();
  DETENTE_TRY(bytes, io::read_file(sealed, kSealedMax));
  const auto plain = crypto::open_with_passphrase(bytes, passphrase);
  if (!plain)
    return fail(plain.error().fault, sealed.string() + ": an enrolment of " + std::string(name) +
                                         " was broken off and left these keys, and they do not open (" + plain.error().message +
                                         "); give the officer's passphrase of then, or move the file away");
  DETENTE_TRY(keys, at(sealed, parse_officer_keys(plain->view())));
  return std::optional(std::move(keys));
}

Result<void> SideDir::save_new_officer(const OfficerFile& officer, const OfficerKeys& keys, const Sealing& sealing,
                                       bool goes_on) const {
  DETENTE_TRY(text, write_officer(officer));
  const Path file = officer_file(officer.name);
  Path sealed = file;
  sealed.replace_extension(".age");
  DETENTE_TRY(enrolled, io::is_there(file));
  if (enrolled && !goes_on)
    return fail(Fault::kConflict, "officer " + officer.name +
                                      " is enrolled already; choose another name (detente officer "
                                      "list shows all)");
  DETENTE_TRY_VOID(io::remove_temporaries(sealed));
  DETENTE_TRY_VOID(io::remove_temporaries(file));
  DETENTE_TRY(kept, io::is_there(sealed));
  if (!kept || !goes_on) DETENTE_TRY_VOID(seal_new(sealed, encode_officer_keys(keys).view(), sealing));
  if (enrolled) return io::write_file(file, as_bytes(text), io::kSecretMode);
  return io::write_new_file(file, as_bytes(text), io::kSecretMode);
}

// ---- station ----

Result<void> SideDir::check_station_keys_not_lost() const {
  if (!has_lost_station_keys()) return {};
  return fail(Fault::kNotFound, (station_dir() / "station.key").string() +
                                    ": is missing, and other files of this station are there: take it from a backup of this "
                                    "directory. Where no backup has it, declare the station lost (detente station revoke, with the root key) and "
                                    "enrol it anew: its record goes on under other keys");
}

Result<StationKeys> SideDir::station_keys() const {
  const Path file = station_dir() / "station.key";
  DETENTE_TRY_VOID(check_station_keys_not_lost());
  DETENTE_TRY(bytes, io::read_secret_file(file, kKeyFileMax));
  return at(file, parse_station_keys(bytes.view()));
}

Result<void> SideDir::save_new_station_keys(const StationKeys& keys) const {
  DETENTE_TRY_VOID(io::make_directory(station_dir()));
  DETENTE_TRY_VOID(io::remove_temporaries(station_dir() / "station.key"));  // of a try that was killed: keys nobody needs
  return io::write_new_file(station_dir() / "station.key", encode_station_keys(keys).view(),
                            io::kSecretMode);
}

bool SideDir::has_pair(std::string_view counterpart) const {
  return io::exists(pair_file(counterpart));
}

Result<PairFile> SideDir::pair(std::string_view counterpart) const {
  const Path file = pair_file(counterpart);
  if (!io::exists(file))
    return fail(Fault::kNotFound, "no key of the pair with " + std::string(counterpart) +
                                      " yet; first: detente station link " +
                                      std::string(counterpart));
  DETENTE_TRY(bytes, io::read_secret_file(file, kKeyFileMax));
  return at(file, parse_pair(bytes.view()));
}

Result<void> SideDir::save_new_pair(std::string_view counterpart, const PairFile& pair) const {
  const Path file = pair_file(counterpart);
  DETENTE_TRY_VOID(io::make_directory(file.parent_path()));
  return io::write_new_file(file, encode_pair(pair).view(), io::kSecretMode);
}

Result<void> SideDir::forget_psk_0(std::string_view counterpart) const {
  DETENTE_TRY(pair, this->pair(counterpart));
  if (!pair.psk_0) return {};
  pair.psk_0.reset();
  return io::write_file(pair_file(counterpart), encode_pair(pair).view(), io::kSecretMode);
}

}  // namespace detente::station
