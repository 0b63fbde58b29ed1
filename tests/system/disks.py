"""Small file systems of a test's own, for what a full or read-only disk does. Root only."""

import os
import shutil
import subprocess
import tempfile


def can_mount():
    """Whether this process may mount a tmpfs; tried once, on a directory of its own."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    place = tempfile.mkdtemp(prefix="detente-mount-")
    try:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place],
                              capture_output=True, check=False)
        if done.returncode == 0:
            subprocess.run(["umount", place], check=True)
        return done.returncode == 0
    finally:
        os.rmdir(place)


class SmallDisk:
    """A tmpfs in the place of a directory, with what was in the directory."""

    def __init__(self, test, place, megabytes):
        self.place = place
        kept = tempfile.mkdtemp(prefix="detente-kept-")
        try:
            shutil.copytree(place, kept, dirs_exist_ok=True)
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", place],
                           check=True)
            test.addCleanup(self._unmount)
            shutil.copytree(kept, place, dirs_exist_ok=True)
        finally:
            shutil.rmtree(kept)

    def fill(self):
        """Takes every byte that is left."""
        fd = os.open(os.path.join(self.place, "filler"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in (1 << 20, 4096):
                block = bytes(size)
                try:
                    while os.write(fd, block) > 0:
                        pass
                except OSError:
                    pass
        finally:
            os.close(fd)

    def free(self):
        os.remove(os.path.join(self.place, "filler"))

    def read_only(self, on=True):
        subprocess.run(["mount", "-o", f"remount,{'ro' if on else 'rw'}", self.place], check=True)

    def _unmount(self):
        subprocess.run(["umount", "-l", self.place], check=True)
