"""archive_samples.py PDF FOLDER: archives good and bad, each around the given PDF, for the tests of
this room. Standard library only."""
import bz2
import gzip
import io
import lzma
import pathlib
import random
import struct
import sys
import tarfile
import zipfile

pdf = pathlib.Path(sys.argv[1]).read_bytes()
folder = pathlib.Path(sys.argv[2])
ZEROS = bytes(1 << 20)


def other(text):
    """The PDF with another hash."""
    return pdf + b"\n% " + text.encode() + b"\n"


def zipped(name, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(folder / name, "w", method) as archive:
        for member, content in members:
            archive.writestr(member, content)


def member(name, content=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, io.BytesIO(content)


def tarred(name, members, mode="w", **options):
    with tarfile.open(folder / name, mode, **options) as archive:
        for info, content in members:
            archive.addfile(info, content)


def patched(name, *changes):
    """Bytes of a finished archive, replaced everywhere."""
    path = folder / name
    data = path.read_bytes()
    for old, new in changes:
        assert old in data, old
        data = data.replace(old, new)
    path.write_bytes(data)


def shortened(name, share):
    path = folder / name
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def good():
    zipped("good.zip", [("b/two.pdf", other("two")), ("a one.pdf", pdf), ("notes.txt", b"text"),
                        ("__MACOSX/._a one.pdf", b"\0\5\26\7"), ("Übersicht/größe.PDF", other("ü"))])
    zipped("stored.zip", [("stored.pdf", pdf)], zipfile.ZIP_STORED)
    for mode, ending in [("w", "tar"), ("w:gz", "tar.gz"), ("w:bz2", "tar.bz2"), ("w:xz", "txz")]:
        tarred("good." + ending, [member("./", type=tarfile.DIRTYPE), member("./manual.pdf", pdf)],
               mode)
    tarred("names.tar", [member("folder/" + "long" * 40 + "/ünïcode.pdf", pdf)])
    for write, ending in [(gzip.compress, "gz"), (bz2.compress, "bz2"), (lzma.compress, "xz")]:
        (folder / f"manual.de.pdf.{ending}").write_bytes(write(pdf))
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        archive.addfile(*member("deep.pdf", other("deep")))
    zipped("nested.zip", [("inner.tar.gz", inner.getvalue()), ("inner copy.tgz", inner.getvalue()),
                          ("doc/m.pdf.gz", gzip.compress(other("gz")))])
    zipped("empty.zip", [])
    tarred("empty.tar", [])


def names():
    zipped("parent.zip", [("../evil.pdf", pdf), ("fine.pdf", pdf)])
    zipped("middle.zip", [("a/../../evil.pdf", pdf)])
    zipped("backslash.zip", [("..\\..\\evil.pdf", pdf)])
    zipped("drive.zip", [("C:\\evil.pdf", pdf)])
    zipped("not a page.zip", [("../../etc/cron.d/evil", b"* * * * * root true")])
    tarred("parent.tar", [member("../evil.pdf", pdf)])
    tarred("absolute.tar", [member("/tmp/evil.pdf", pdf)])
    tarred("not utf-8.tar", [member("caf\udce9.pdf", pdf)], format=tarfile.GNU_FORMAT,
           encoding="utf-8", errors="surrogateescape")
    zipped("not utf-8.zip", [("cafX.pdf", pdf)])
    patched("not utf-8.zip", (b"cafX.pdf", b"caf\xe9.pdf"))
    zipped("line.zip", [("a\nb.pdf", pdf)])
    zipped("escape.zip", [("a\x1b[2J.pdf", pdf)])
    zipped("nul.zip", [("evil.pdfXtxt", pdf)])
    patched("nul.zip", (b"evil.pdfXtxt", b"evil.pdf\0txt"))
    zipped("long.zip", [("a" * 2000 + ".pdf", pdf)])
    zipped("twice.zip", [("a.pdf", pdf), ("./a.pdf", other("second"))])


def types():
    tarred("symlink.tar", [member("link.pdf", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
                           member("latest", type=tarfile.SYMTYPE, linkname="..")])
    tarred("hard link.tar", [member("a.pdf", pdf),
                             member("link.pdf", type=tarfile.LNKTYPE, linkname="a.pdf")])
    tarred("device.tar", [member("zero.pdf", type=tarfile.CHRTYPE, devmajor=1, devminor=5)])
    tarred("pipe.tar", [member("pipe.pdf", type=tarfile.FIFOTYPE)])
    info = zipfile.ZipInfo("link.pdf")
    info.create_system = 3
    info.external_attr = 0o120777 << 16
    zipped("symlink.zip", [(info, "/etc/passwd")])
    zipped("encrypted.zip", [("secret.pdf", pdf)], zipfile.ZIP_STORED)
    # Bit 0 of the flags, in the local and in the central header.
    patched("encrypted.zip", (b"PK\3\4\x14\0\0", b"PK\3\4\x14\0\1"),
            (b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\1"))


def bombs():
    zipped("bomb.zip", [("a.pdf", pdf), ("bomb.pdf", ZEROS * 60), ("z.pdf", other("z"))])
    zipped("many small.zip", [(f"{i}.pdf", ZEROS * 2) for i in range(60)])
    tarred("bomb.tar.gz", [member("a.pdf", pdf), member("zeros.bin", ZEROS * 60)], "w:gz")
    (folder / "bomb.pdf.gz").write_bytes(gzip.compress(ZEROS * 20))
    (folder / "bomb.pdf.xz").write_bytes(lzma.compress(ZEROS * 20, preset=0))
    (folder / "bomb.pdf.bz2").write_bytes(bz2.compress(ZEROS * 20))
    tarred("sparse.tar", [member("holes.pdf", b"x", pax_headers={
        "GNU.sparse.size": str(1 << 60), "GNU.sparse.numblocks": "1",
        "GNU.sparse.offset": str((1 << 60) - 1), "GNU.sparse.numbytes": "1"})],
        format=tarfile.PAX_FORMAT)
    claim = tarfile.TarInfo("a.txt")
    claim.size = 1 << 50
    (folder / "claims much.tar.gz").write_bytes(gzip.compress(claim.tobuf(tarfile.GNU_FORMAT)))
    matryoshka = pdf
    for level in range(4):
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as archive:
            archive.writestr("x.zip" if level else "x.pdf", matryoshka)
        matryoshka = inner.getvalue()
    (folder / "deep.zip").write_bytes(matryoshka)
    tarred("entries.tar.gz", [member(f"{i}.txt") for i in range(5000)], "w:gz")
    overlapping()
    (folder / "dictionary.pdf.xz").write_bytes(lzma.compress(pdf, preset=9))


def overlapping():
    """A thousand names for the bytes of one member."""
    zipped("overlap.zip", [("x000.pdf", ZEROS)])
    data = (folder / "overlap.zip").read_bytes()
    start = data.index(b"PK\1\2")
    end = data.index(b"PK\5\6")
    entry = data[start:end]
    central = b"".join(entry.replace(b"x000", f"x{i:03}".encode()) for i in range(1000))
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1000, 1000, len(central), start, 0)
    (folder / "overlap.zip").write_bytes(data[:start] + central + tail)


def damaged():
    for name, share in [("cut.tar", 0.6), ("cut.tar.gz", 0.6), ("cut.zip", 0.7)]:
        noise = pdf + random.Random(1).randbytes(500_000)
        content = [("first.pdf", pdf), ("second.pdf", noise)]
        if name.endswith("zip"):
            zipped(name, content, zipfile.ZIP_STORED)
        else:
            tarred(name, [member(*item) for item in content], "w:gz" if "gz" in name else "w")
        shortened(name, share)
    (folder / "cut.pdf.gz").write_bytes(gzip.compress(pdf)[:-40])
    zipped("sum.zip", [("a.pdf", pdf), ("b.pdf", other("b"))], zipfile.ZIP_STORED)
    patched("sum.zip", (b"% b\n", b"% c\n"))
    (folder / "text.zip").write_bytes(b"this is no archive")
    (folder / "text.tar.gz").write_bytes(b"this is no archive")
    (folder / "plain.pdf.gz").write_bytes(pdf)
    (folder / "nothing.zip").write_bytes(b"")
    (folder / "is a pdf.zip").write_bytes(pdf)
    (folder / "random.tar").write_bytes(bytes((i * i * 7 + i) % 251 for i in range(20000)))


for step in (good, names, types, bombs, damaged):
    step()
