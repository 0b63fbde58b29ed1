"""Two stations of which one has gone on to another accord."""

import shutil


def amend(south, north, digest):
    """South goes on to a second version of the accord that both signed; north stays at the first."""
    place = south.path("accords", "north", "accord.note")
    northern = north.path("accords", "south", "accord.note")
    kept = northern + ".kept"
    shutil.copy(northern, kept)
    with open(place, encoding="utf-8") as file:
        text = file.read().split("\n\n\u2014 ")[0] + "\n"
    text = text.replace("version = 1\n", "version = 2\n", 1)
    text = text.replace('predecessor = ""', f'predecessor = "{digest}"', 1)
    text = text.replace('lineage = ""', f'lineage = "{digest}"', 1)
    with open(place, "w", encoding="utf-8") as file:
        file.write(text)
    south.cli("accord", "sign", "north", "--yes")
    shutil.copy(place, northern)
    north.cli("accord", "sign", "south", "--yes")
    shutil.copy(northern, place)
    shutil.move(kept, northern)
