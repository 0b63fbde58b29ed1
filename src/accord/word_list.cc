// Common things with names that are hard to take for one another: 4 to 7 letters, no two with the
// same first four, and at least three letters to change between any two (words_test.cc holds this).
#include "accord/word_list.h"

namespace detente::accord {

// clang-format off
const std::array<std::string_view, 256> kWordList = {
    "acorn", "alarm", "almond", "anchor", "angle", "apron", "arcade", "atlas",
    "attic", "autumn", "badge", "bakery", "balcony", "banjo", "barley", "basket",
    "beacon", "beaver", "bench", "berry", "bicycle", "biscuit", "blossom", "bonnet",
    "bottle", "boulder", "bread", "brook", "bubble", "buffalo", "button", "cabin",
    "cactus", "camel", "canyon", "carpet", "cashew", "castle", "cavern", "cedar",
    "cello", "cement", "chalk", "chimney", "cinema", "circus", "clover", "coast",
    "coffee", "compass", "copper", "coral", "cottage", "cousin", "cradle", "cricket",
    "crystal", "cuckoo", "curtain", "cushion", "cymbal", "daisy", "dancer", "delta",
    "denim", "desert", "doctor", "domino", "donkey", "dragon", "drawer", "drummer",
    "duck", "eclipse", "elbow", "ember", "emerald", "engine", "estate", "fabric",
    "farmer", "feather", "fiddle", "finger", "flame", "forest", "fossil", "friend",
    "fruit", "funnel", "galaxy", "garden", "garlic", "gazelle", "giraffe", "glacier",
    "globe", "goblet", "gondola", "granite", "grape", "guitar", "harbor", "harvest",
    "hiker", "holiday", "hotel", "hurdle", "husky", "iceberg", "igloo", "indigo",
    "insect", "island", "ivory", "jaguar", "jasmine", "jersey", "jewel", "jigsaw",
    "journal", "juniper", "kayak", "kiosk", "kitchen", "koala", "ladder", "lagoon",
    "lantern", "laptop", "laundry", "lemon", "leopard", "lettuce", "library", "lilac",
    "linen", "lizard", "lobster", "locket", "lotus", "magnet", "maple", "meadow",
    "melody", "mirror", "mitten", "morning", "mosaic", "muffin", "museum", "mustard",
    "napkin", "narwhal", "needle", "nephew", "nickel", "nugget", "nutmeg", "oasis",
    "oatmeal", "ocean", "octopus", "office", "olive", "onion", "opera", "orange",
    "orchid", "ostrich", "otter", "oxygen", "palace", "pancake", "panther", "papaya",
    "parrot", "peanut", "pelican", "pencil", "piano", "picnic", "pigeon", "pillow",
    "plum", "pony", "potato", "powder", "prairie", "pretzel", "prism", "pumpkin",
    "puppet", "puzzle", "pyramid", "quail", "quarry", "rabbit", "radish", "raft",
    "railway", "rainbow", "reptile", "ribbon", "rubber", "ruby", "sandal", "scarf",
    "school", "scooter", "shelter", "shrimp", "silver", "sketch", "slipper", "sofa",
    "spider", "spinach", "spruce", "squash", "stable", "station", "sugar", "sunset",
    "swan", "teapot", "temple", "tennis", "thimble", "thunder", "tornado", "tractor",
    "trumpet", "tulip", "unicorn", "utensil", "vacuum", "vanilla", "velvet", "village",
    "vinegar", "violin", "volcano", "voyage", "vulture", "waffle", "walnut", "wedding",
    "window", "wolf", "wombat", "yacht", "yarn", "yogurt", "zebra", "zenith",
};
// clang-format on

}  // namespace detente::accord
