// The extract as a file: made, encoded, decoded, refused.
#include <gtest/gtest.h>

#include <algorithm>

#include "record/extract_fixture_for_test.h"

namespace detente::record::test {
namespace {

bool contains(const Bytes& all, ByteView part) {
  return std::search(all.begin(), all.end(), part.begin(), part.end()) != all.end();
}

class ExtractFile : public ::testing::Test {
 protected:
  ExtractFile() { world.talk(); }
  Extract made(const std::vector<ExtractChoice>& choices) {
    bytes = world.extract(choices).value();
    return decode_extract(bytes).value();
  }
  ExtractChoice west(std::uint64_t index, ItemForm form = ItemForm::kWhole, bool own = true) const {
    return {world.log(kWest, own), index, form};
  }
  Fault refused(const Extract& extract) {
    const auto result = encode_extract(extract);
    EXPECT_FALSE(result);
    return result ? Fault::kIo : result.error().fault;
  }

  World world;
  Bytes bytes;
};

TEST_F(ExtractFile, HoldsWhatWasChosenAndTakesTheSizeThatBothSigned) {
  const Extract extract = made({west(1), west(0, ItemForm::kLeaf, false), west(0)});
  ASSERT_EQ(extract.items.size(), 3u);
  EXPECT_EQ(extract.items[0].origin, world.origin(kWest, false));
  // Entry 0 has a checkpoint of size 1 of its own, and a receipt at size 3 only.
  EXPECT_EQ(extract.items[1].size, 3u);
  EXPECT_TRUE(extract.items[1].cosignature);
  EXPECT_EQ(encode_extract(extract).value(), bytes);
}

// Found by the demo: the side that the lot drew second may sign first.
TEST_F(ExtractFile, DoesNotDependOnWhoSignedTheAccordFirst) {
  const Bytes in_order = (made({west(0)}), bytes);
  accord::Note note = accord::parse_note(as_bytes(world.in_force.note)).value();
  std::reverse(note.signatures.begin(), note.signatures.end());
  note.signatures.push_back({"stranger", 7, Bytes(64, 1)});
  world.in_force.note = accord::encode_note(note);
  EXPECT_EQ((made({west(0)}), bytes), in_order);
  EXPECT_EQ(verify_extract(bytes, world.anchor()).verdict, Verdict::kProved);
}

TEST_F(ExtractFile, WithoutAReceiptHasTheAuthorsCheckpointAlone) {
  world.append(kWest, true, world.message(kWest, "Not yet receipted."));
  world.close(kWest, true, false);
  const Extract extract = made({west(3)});
  EXPECT_TRUE(extract.items[0].checkpoint);
  EXPECT_FALSE(extract.items[0].cosignature);
  EXPECT_EQ(verify_extract(bytes, world.anchor()).verdict, Verdict::kProved);
}

TEST_F(ExtractFile, OpensTheAnnexOfItsOwnLinesAlone) {
  const Extract extract = made({west(1)});
  ASSERT_EQ(extract.accords.size(), 1u);
  ASSERT_EQ(extract.accords[0].annexes.size(), 1u);
  EXPECT_TRUE(extract.accords[0].annexes.contains(kWest));
  EXPECT_FALSE(contains(bytes, as_bytes("quiet")));
}

TEST_F(ExtractFile, HoldsOnlyTheCredentialsThatAreNeeded) {
  EXPECT_EQ(made({west(1)}).credentials.size(), 3u);  // two stations and the officer
  EXPECT_EQ(made({west(2)}).credentials.size(), 2u);
  EXPECT_EQ(made({west(1, ItemForm::kHeader)}).credentials.size(), 2u);
}

TEST_F(ExtractFile, RedactedFormsRevealNeitherBodyNorSalt) {
  const StoredEntry entry = world.reader.log_by_key[world.log(kWest, true)].entries[1];
  const Entry decoded = decode_entry(entry.bytes).value();
  made({west(1)});
  EXPECT_TRUE(contains(bytes, decoded.body));
  EXPECT_TRUE(contains(bytes, entry.salt));
  for (const ItemForm form : {ItemForm::kHeader, ItemForm::kLeaf}) {
    made({west(1, form), west(2)});
    EXPECT_FALSE(contains(bytes, decoded.body));
    EXPECT_FALSE(contains(bytes, entry.salt));
    EXPECT_FALSE(contains(bytes, decoded.signatures[0].signature));
    EXPECT_EQ(contains(bytes, entry.bytes.header), form == ItemForm::kHeader);
  }
}

TEST_F(ExtractFile, TheSameEntryTwiceIsTakenOnceInTheFormThatShowsMore) {
  const Extract extract = made({west(1, ItemForm::kLeaf), west(1), west(1, ItemForm::kHeader)});
  ASSERT_EQ(extract.items.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<ShownWhole>(extract.items[0].shown));
}

TEST_F(ExtractFile, SaysWhatIsMissing) {
  const auto fault = [&](const std::vector<ExtractChoice>& choices) {
    const auto result = world.extract(choices);
    return result ? Fault::kIo : result.error().fault;
  };
  EXPECT_EQ(fault({}), Fault::kNotFound);
  EXPECT_EQ(fault({west(3)}), Fault::kNotFound);
  world.append(kWest, true, world.message(kWest, "Without a checkpoint."));
  EXPECT_EQ(fault({west(3)}), Fault::kNotFound);
  auto& log = world.reader.log_by_key[world.log(kWest, true)];
  log.entries[0].bytes = {};  // as retention leaves it
  EXPECT_EQ(fault({west(0)}), Fault::kState);
  EXPECT_EQ(fault({west(0, ItemForm::kHeader)}), Fault::kState);
  EXPECT_TRUE(world.extract({west(0, ItemForm::kLeaf)}));
  log.tiles.begin()->second[40] ^= 1;  // what the disk lost
  const auto lost = world.extract({west(0, ItemForm::kLeaf)});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().fault, Fault::kIo);
}

TEST_F(ExtractFile, RefusesASecondSpelling) {
  Extract extract = made({west(0), west(1)});
  std::swap(extract.items[0], extract.items[1]);
  EXPECT_EQ(refused(extract), Fault::kMalformed);
  extract.items[0] = extract.items[1];
  EXPECT_EQ(refused(extract), Fault::kMalformed);
  extract = made({west(1)});
  std::swap(extract.credentials[0], extract.credentials[1]);
  EXPECT_EQ(refused(extract), Fault::kMalformed);
}

TEST_F(ExtractFile, RefusesWhatIsOutOfBounds) {
  Extract extract = made({west(1)});
  extract.items[0].index = extract.items[0].size;
  EXPECT_EQ(refused(extract), Fault::kMalformed);
  extract = made({west(1)});
  extract.accords.clear();
  EXPECT_EQ(refused(extract), Fault::kLimit);
  extract = made({west(1)});
  extract.items.clear();
  EXPECT_EQ(refused(extract), Fault::kLimit);
  extract = made({west(1)});
  extract.items[0].checkpoint.reset();
  EXPECT_EQ(refused(extract), Fault::kMalformed);
  extract.items[0].origin += "/";
  EXPECT_EQ(refused(extract), Fault::kMalformed);
  extract = made({west(1, ItemForm::kLeaf)});
  while (extract.items.size() <= kExtractItemsMax) {
    extract.items.push_back(extract.items.back());
    ++extract.items.back().index;
    extract.items.back().size = 20000;
  }
  EXPECT_EQ(refused(extract), Fault::kLimit);
  EXPECT_EQ(decode_extract(Bytes(kExtractBytesMax + 1)).error().fault, Fault::kLimit);
}

TEST_F(ExtractFile, RefusesEveryCutAndAnyByteMore) {
  made({west(1)});
  for (std::size_t size = 0; size < bytes.size(); ++size)
    ASSERT_FALSE(decode_extract(ByteView(bytes).first(size))) << size;
  bytes.push_back(0xf6);
  EXPECT_FALSE(decode_extract(bytes));
}

TEST(LogOrigin, HasOneSpelling) {
  EpochId epoch{};
  epoch[0] = 0xab;
  const std::string good = log_origin({}, kWest, "south/main", epoch);
  EXPECT_EQ(parse_log_origin(good).value().epoch, epoch);
  EXPECT_EQ(parse_log_origin(good).value().side, "south");
  for (std::string bad : {good + "/", "/" + good, good.substr(1), std::string(),
                          std::string("detente/1/2/3/4/5"), good + "\n"})
    EXPECT_FALSE(parse_log_origin(bad)) << bad;
  std::string other = good;
  other.replace(other.find("/1/"), 3, "/01/");
  EXPECT_FALSE(parse_log_origin(other));
  other = good;
  other.replace(other.find("ab0"), 2, "AB");
  EXPECT_FALSE(parse_log_origin(other));
  other = good;
  other.replace(other.find("/1/"), 3, "/65536/");
  EXPECT_FALSE(parse_log_origin(other));
  other = good;
  other.replace(other.find("south"), 5, "South");
  EXPECT_FALSE(parse_log_origin(other));
}

}  // namespace
}  // namespace detente::record::test
