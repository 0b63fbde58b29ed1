// From a side's directory to what the core takes: one Counterpart for each that
// station.toml names, checked, and its core::PeerSetup.
#pragma once

#include <memory>

#include "core/peer.h"
#include "crypto/verify_memo.h"
#include "station/bulletin_limits.h"
#include "station/side_dir.h"
#include "station/verdict.h"
#include "wire/coder.h"

namespace detente::station {

// What the running station holds of one counterpart. The core borrows from it: it stays where it
// is.
struct Counterpart {
  PeerId peer;
  CounterpartConfig config;
  accord::AccordInForce accord;  // with the annexes of the lines that this pair of stations carries
  accord::Roster roster;  // theirs
  std::shared_ptr<const wire::TextCoder> coder;
  link::Layers own_seal;    // of what this station sends, innermost first
  link::Layers their_seal;  // of what it receives
  std::string our_station;
  std::string their_station;
  bool own_was_lost = false;  // the own station has the place of one that was revoked
  bool own_is_lost = false;   // and is such a one: it was revoked while it ran
  // The accords before the one in force, oldest first. Where they stand is borrowed, too.
  std::vector<std::unique_ptr<const accord::AccordInForce>> former = {};
  BulletinLimits bulletins = {};
  mutable crypto::VerifyMemo acts_verified = crypto::VerifyMemo();  // both sides', of the accord line

  // All of them, oldest first; the last is in force.
  Lineage lineage() const;
  // A line that the accord in force has no more: its record stays. Nothing for any other.
  const accord::Annex* retired(LineId line) const;
  // The one in force, else that: what the record has of a line may be shown long after it is gone.
  const accord::Annex* annex_or_retired(LineId line) const;
  const accord::Annex* retired_named(std::string_view line) const;
  const std::string& name() const { return config.name; }
};

// Coders by the digest of their dictionary: nearly two megabytes each, and most accords have the
// same one.
using Coders = std::map<Digest, std::shared_ptr<const wire::TextCoder>>;

// What is new of a counterpart under an accord's files, checked against this machine and station.toml.
Result<std::unique_ptr<Counterpart>> make_counterpart(const SideDir& dir, const StationConfig& config,
                                                      const CounterpartConfig& counterpart,
                                                      const AccordFiles& files, Coders& coders);

// What both kinds of mistakes come down to: a file that is missing or does not fit. Runs the
// vectors of both ciphers.
Result<std::unique_ptr<Counterpart>> load_counterpart(const SideDir& dir,
                                                      const StationConfig& config,
                                                      const CounterpartConfig& counterpart,
                                                      Coders& coders);

// Who the other side's bulletins say is its station here.
struct FarStation {
  const accord::SignedCredential* current = nullptr;        // nothing: every one is revoked
  std::vector<const accord::SignedCredential*> revoked;     // with other keys than the current one's
  std::optional<core::FarKeys> keys() const;
  core::FormerStations former(const Counterpart& counterpart) const;
};
FarStation far_station(const Counterpart& counterpart);

// `sockets`: where each configured path is heard. `link_known`: the record holds the state of this
// pair. kState when neither the record nor the pair's file has a secret.
Result<core::PeerSetup> make_peer_setup(const Counterpart& counterpart, const StationKeys& keys,
                                        PairFile pair, std::map<core::SocketId, PathId> sockets,
                                        bool link_known, bool new_epoch);

// The station's own credential: in the own roster, and for these keys.
Result<const accord::SignedCredential*> own_credential(const accord::Roster& own,
                                                       const StationKeys& keys,
                                                       const std::string& post);

// Of the whole lineage, retired ones too.
std::vector<record::LineKey> lines_of(const Counterpart& counterpart);

}  // namespace detente::station
