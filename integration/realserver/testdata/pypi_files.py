"""Fetches every file of the releases that a list names into one directory per release.

    python pypi_files.py LIST DIRECTORY

A line of LIST is name==version. "pip download" takes the one file that fits this machine and builds what is not built;
a registry holds them all: wheels of every platform, eggs, installers, sources. So pip's own reader of an index is asked
(https://packaging.python.org/en/latest/specifications/simple-repository-api/), with pip's own settings. The pip it was
written for is the one in its environment. A release without files is an error, and so is a wrong hash.
"""

import pathlib
import sys

from pip._internal.commands import create_command
from pip._internal.index.collector import LinkCollector, parse_links
from pip._internal.models.link import Link
from pip._internal.utils.hashes import Hashes
from pip._vendor.packaging.utils import canonicalize_name, parse_wheel_filename
from pip._vendor.packaging.version import Version

ENDINGS = (".tar.gz", ".tar.bz2", ".tgz", ".zip", ".egg", ".exe")


def version_of(name, file):
    """The version that a file's name tells, or ValueError when there is none."""
    if file.endswith(".whl"):
        return parse_wheel_filename(file)[1]
    stem = next((file.removesuffix(one) for one in ENDINGS if file.endswith(one)), "")
    if canonicalize_name(stem[: len(name)]) != canonicalize_name(name):
        raise ValueError(file)
    # An egg says for which Python it is, an installer for which system too.
    rest = stem[len(name) + 1 :].split("-py")[0]
    for system in (".win32", ".win-amd64", ".linux-x86_64", ".macosx"):
        rest = rest.split(system)[0]
    return Version(rest)


def links(collector, release):
    """All files of one release, in the order of the index."""
    name, _, version = release.partition("==")
    for source in collector.search_scope.get_index_urls_locations(name):
        page = collector.fetch_response(Link(source))
        for link in parse_links(page) if page else ():
            try:
                if version_of(name, link.filename) == Version(version):
                    yield link
            except ValueError:
                continue  # another ending, or a version from before PEP 440


def fetch(session, link, directory):
    response = session.get(link.url_without_fragment)
    response.raise_for_status()
    Hashes({link.hash_name: [link.hash]}).check_against_chunks(iter([response.content]))
    directory.mkdir(parents=True, exist_ok=True)
    (directory / link.filename).write_bytes(response.content)


def main(listing, directory):
    command = create_command("download")
    options, _ = command.parse_args([])
    with command.main_context():
        session = command.get_default_session(options)
        collector = LinkCollector.create(session, options)
        for release in pathlib.Path(listing).read_text().split():
            found = list(links(collector, release))
            if not found:
                sys.exit(f"the index has no file of {release}")
            for link in found:
                fetch(session, link, pathlib.Path(directory) / release)


main(*sys.argv[1:])
