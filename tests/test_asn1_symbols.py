#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the joined asn1c output promises to the programs that link it.

Every symbol with external linkage carries our prefix, two runs of the wrapper
give the same octets, and none of them names a folder of this machine.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PREFIX = 'h46017_asn1_'
# i386 position-independent code and the address sanitizer bring their own
TOOLCHAIN = re.compile(r'__x86\.get_pc_thunk\.|__odr_asan[._]')
PAIR = ('h46017-asn1.c', 'h46017-asn1.h')

options = None


def defined_symbols(library):
    listing = subprocess.run(
        [options.nm, '-g', '--defined-only', library],
        check=True,
        stdout=subprocess.PIPE,
        universal_newlines=True,
    ).stdout
    return [line.split()[-1] for line in listing.splitlines() if len(line.split()) == 3]


class Symbols(unittest.TestCase):
    def test_every_symbol_has_the_prefix(self):
        names = defined_symbols(options.library)
        self.assertGreater(len(names), 600, 'nm shows too little: is this the right library?')
        strangers = [n for n in names if not n.startswith(PREFIX) and not TOOLCHAIN.match(n)]
        self.assertEqual(strangers, [])

    def test_the_renaming_macros_are_exactly_the_symbols(self):
        header = pathlib.Path(options.header).read_text(encoding='latin-1')
        macros = re.findall(rf'^#define (\w+) {PREFIX}(\w+)$', header, re.M)
        self.assertTrue(all(name == renamed for name, renamed in macros))
        names = [n[len(PREFIX) :] for n in defined_symbols(options.library) if n.startswith(PREFIX)]
        self.assertEqual(sorted(n for n, _ in macros), sorted(names))


class Generation(unittest.TestCase):
    def setUp(self):
        if not options.asn1c:
            self.skipTest('no asn1c here')
        scratch = tempfile.TemporaryDirectory(prefix='asn1-symbols-')
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)

    def generate(self, name):
        """Runs the wrapper on a copy of the module in a folder of its own."""
        folder = self.scratch / name
        folder.mkdir()
        module = folder / 'h225.asn1'
        module.write_bytes(pathlib.Path(options.module).read_bytes())
        subprocess.run(
            [sys.executable, options.wrapper, '--asn1c', options.asn1c, '--into', folder, module],
            check=True,
        )
        return [(folder / n).read_bytes() for n in PAIR]

    def test_two_runs_give_the_same_octets(self):
        first, second = self.generate('one'), self.generate('another-folder')
        self.assertTrue(first == second)
        built = pathlib.Path(options.header).parent
        self.assertTrue(first == [(built / n).read_bytes() for n in PAIR])

    def test_no_folder_of_this_machine_is_named(self):
        for text in self.generate('one'):
            for folder in (self.scratch, pathlib.Path(options.module).parent, '/usr/'):
                self.assertNotIn(str(folder).encode(), text)

    def test_a_refused_module_is_said_in_words(self):
        module = self.scratch / 'broken.asn1'
        module.write_text('BROKEN DEFINITIONS ::= BEGIN A ::= SEQUENCE { b Missing } END\n')
        run = subprocess.run(
            [sys.executable, options.wrapper, '--asn1c', options.asn1c, '--into', self.scratch]
            + [module],
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )
        self.assertEqual(run.returncode, 1)
        self.assertIn('asn1c refused the module', run.stderr)
        self.assertNotIn('Traceback', run.stderr)
        self.assertFalse((self.scratch / PAIR[0]).exists())


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    for name in ('nm', 'library', 'header', 'wrapper', 'module'):
        parser.add_argument('--' + name, required=True)
    parser.add_argument('--asn1c', default='')
    options, rest = parser.parse_known_args()
    unittest.main(argv=sys.argv[:1] + rest, verbosity=2)
