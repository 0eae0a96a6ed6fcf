"""Compressed files, read by those who read packages."""

import io
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from kinds.packed import Entry, deflated, gzipped, zipped

MOMENT = 1_700_000_001
# Words that repeat, numbers that do not, and more than a window of deflate.
TEXT = b"".join(b"tag %d of %d is owned\n" % (number, number * number) for number in range(9_000))
ENTRIES = [
    Entry("tagpol-1.data/scripts/tagpol", TEXT, 0o755),
    Entry("tagpol-1.dist-info/METADATA", b"Name: tagpol\n", 0o644),
    Entry("tagpol-1.dist-info/empty", b"", 0o644),
]
LEVELS = range(1, 10)


class Packed(unittest.TestCase):
    def test_zip(self) -> None:
        for level in LEVELS:
            archive = zipfile.ZipFile(io.BytesIO(zipped(ENTRIES, level, MOMENT)))
            self.assertIsNone(archive.testzip())
            self.assertEqual(archive.namelist(), [entry.name for entry in ENTRIES])
            for entry, info in zip(ENTRIES, archive.infolist()):
                self.assertEqual(archive.read(info), entry.content)
                self.assertEqual(info.external_attr >> 16, 0o100000 | entry.mode)
                # A zip file has even seconds.
                self.assertEqual(info.date_time, (2023, 11, 14, 22, 13, 20))

    def test_gzip(self) -> None:
        content = io.BytesIO()
        with tarfile.open(mode="w", fileobj=content) as archive:
            info = tarfile.TarInfo("package/bin/tagpol")
            info.size = len(TEXT)
            archive.addfile(info, io.BytesIO(TEXT))
        for level in LEVELS:
            packed = gzipped(content.getvalue(), level, MOMENT)
            with tarfile.open(mode="r:gz", fileobj=io.BytesIO(packed)) as archive:
                self.assertEqual(archive.extractfile("package/bin/tagpol").read(), TEXT)
        self.assertEqual(int.from_bytes(packed[4:8], "little"), MOMENT)

    def test_other_readers(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for tool, name, packed in (
                (("unzip", "-tq"), "a.zip", zipped(ENTRIES, 9, MOMENT)),
                (("gzip", "-t"), "a.gz", gzipped(TEXT, 9, MOMENT)),
            ):
                path = pathlib.Path(folder) / name
                path.write_bytes(packed)
                if shutil.which(tool[0]):
                    subprocess.run([*tool, path], check=True, stdout=subprocess.DEVNULL)

    def test_the_same_input_gives_the_same_bytes(self) -> None:
        self.assertEqual(zipped(ENTRIES, 9, MOMENT), zipped(list(ENTRIES), 9, MOMENT))
        self.assertEqual(gzipped(TEXT, 9, MOMENT), gzipped(bytes(TEXT), 9, MOMENT))

    def test_the_highest_level_is_smaller_than_that_of_zlib(self) -> None:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        usual = packer.compress(TEXT) + packer.flush()
        self.assertLess(len(deflated(TEXT, 9)), 0.98 * len(usual))


if __name__ == "__main__":
    unittest.main()
