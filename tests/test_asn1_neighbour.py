#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""An application with asn1c code of its own links the library without a clash.

Without the renaming, a static link would say nothing and share descriptors:
the application would encode with ours, or we with its. So it is linked in every
order there is, and run.
"""

import argparse
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent / 'neighbour'
ASN1C = ['-gen-PER', '-fcompound-names']
# asn1c's own sample program, not part of its runtime
NOT_RUNTIME = ('converter-sample.c',)

options = None


def run(*command, cwd=None):
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    if done.returncode != 0:
        raise AssertionError(f'{shlex.join(map(str, command))}\n{done.stdout}')


class Neighbour(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix='asn1-neighbour-')
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = pathlib.Path(scratch.name)
        run(options.asn1c, *ASN1C, HERE / 'neighbour.asn1', cwd=cls.folder)
        sources = [p for p in sorted(cls.folder.glob('*.c')) if p.name not in NOT_RUNTIME]
        flags = ['-w', '-O0', '-g0', '-D_DEFAULT_SOURCE', '-I.', '-I', options.include]
        run(*options.cc, *flags, '-c', *sources, HERE / 'neighbour.c', cwd=cls.folder)
        cls.main = cls.folder / 'neighbour.o'
        cls.objects = [p.with_suffix('.o') for p in sources]
        cls.archive = cls.folder / 'libneighbour.a'
        run(options.ar, 'rcs', cls.archive, *cls.objects)

    def link_and_run(self, *inputs):
        program = self.folder / 'program'
        run(*options.cc, '-o', program, *inputs)
        run(*shlex.split(os.environ.get('MESON_EXE_WRAPPER', '')), program)

    def test_static_application_first(self):
        self.link_and_run(self.main, self.archive, *options.static)

    def test_static_library_first(self):
        self.link_and_run(self.main, *options.static, self.archive)

    def test_static_application_as_objects(self):
        self.link_and_run(self.main, *self.objects, *options.static)

    def test_static_everything_whole(self):
        whole = ['-Wl,--whole-archive', self.archive, *options.static, '-Wl,--no-whole-archive']
        self.link_and_run(self.main, *whole)

    def test_shared_library(self):
        if options.shared.endswith('.a'):
            self.skipTest('no shared library is built')
        path = pathlib.Path(options.shared).resolve()
        # -rdynamic: the application's names are offered to the library
        self.link_and_run('-rdynamic', self.main, *self.objects, path, f'-Wl,-rpath,{path.parent}')


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--asn1c', required=True)
    parser.add_argument('--ar', required=True)
    parser.add_argument('--include', required=True)
    parser.add_argument('--shared', required=True, help='the library as built')
    parser.add_argument('--static', action='append', help='its archives, in order')
    parser.add_argument('--cc', type=shlex.split, help='the compiler, with its link arguments')
    options, rest = parser.parse_known_args()
    options.include = pathlib.Path(options.include).resolve()
    options.static = [pathlib.Path(p).resolve() for p in options.static]
    unittest.main(argv=sys.argv[:1] + rest, verbosity=2)
