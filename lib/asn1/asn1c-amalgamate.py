#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs asn1c on h225.asn1 and joins what it writes into one .c and one .h.

asn1c 0.9.28 writes some 220 pairs of files and expects its own runtime (the
"skeletons") beside them. A library that linked those as they are would share
descriptors, without a word from the linker, with every application that has
asn1c code of its own. So the pair made here differs from the files as asn1c
writes them in six ways, and in nothing else:

* every symbol with external linkage is renamed to h46017_asn1_<symbol>, by
  macros at the head of the .h, so that our sources use the names they know;
* static names that two files share get the name of their file as a suffix;
* asn_system.h and asn_internal.h stay out of the .h: it would otherwise bring
  <netinet/in.h>, feature-test macros, MIN() and an snprintf of its own to all
  that include it;
* the member `free` of a SEQUENCE OF is called free_item, because our sources
  poison the word;
* the descriptors of the module's types stand in a list, in the module's order;
* lines that carry a path of the building machine are dropped, so that the
  same asn1c gives the same octets everywhere.

Only the standard library is used: this runs wherever Meson does.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FLAGS = ['-R', '-gen-PER', '-fcompound-names', '-fno-include-deps', '-fwide-types']
PREFIX = 'h46017_asn1_'

# What asn_system.h has that the other headers need.
PROLOGUE = '''\
#ifndef H46017_ASN1_GENERATED_H
#define H46017_ASN1_GENERATED_H

/* The code below is not held to the warnings of this project. */
#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#if defined(__GNUC__)
#define GCC_PRINTFLIKE(fmt, var) __attribute__((format(printf, fmt, var)))
#define GCC_NOTUSED __attribute__((unused))
#else
#define GCC_PRINTFLIKE(fmt, var)
#define GCC_NOTUSED
#endif
'''

PRIVATE_HEADERS = ('asn_system.h', 'asn_internal.h')

KEYWORDS = frozenset(
    'auto break case char const continue default do double else enum extern float for goto if '
    'inline int long register return short signed sizeof static struct switch typedef union '
    'unsigned void volatile while __attribute__ GCC_PRINTFLIKE GCC_NOTUSED'.split()
)

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"].*$', re.M)
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
IDENTIFIER = re.compile(r'[A-Za-z_]\w*')


class Trouble(Exception):
    """Something a person must see, in one sentence."""


def code_only(text):
    """The text without comments, literals and preprocessor lines."""
    text = NOT_CODE.sub(lambda m: '""' if m.group()[0] == '"' else ' ', text)
    return re.sub(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$', '', text, flags=re.M)


def declarations(text):
    """The declarations at file scope, each with its braces emptied."""
    depth = 0
    current = []
    for token in re.findall(r'[{};]|[^{};]+', code_only(text)):
        if token == '{':
            depth += 1
            if depth == 1:
                current.append('{')
        elif token == '}':
            depth -= 1
            if depth < 0:
                raise Trouble('a brace too many')
            if depth == 0:
                current.append('}')
                head = ''.join(current)
                # a function body ends its declaration, an initializer does not
                if re.match(r'\s*(?:extern\s+"")', head):
                    current = []
                elif '=' not in head and re.search(r'\)\s*\{\}$', head):
                    yield head
                    current = []
        elif depth == 0:
            if token == ';':
                yield ''.join(current)
                current = []
            else:
                current.append(token)
    if depth != 0:
        raise Trouble('a brace too few')


def declared(head):
    """(name, is static, is a definition) of one declaration; name is None for a type."""
    words = IDENTIFIER.findall(head)
    if not words or words[0] == 'typedef':
        return None, False, False
    if re.match(r'\s*(?:struct|union|enum)\s+\w*\s*(?:\{\})?\s*$', head):
        return None, False, False
    static = 'static' in words
    head = re.sub(r'__attribute__\s*\(\(.*?\)\)', ' ', head, flags=re.S)
    head = re.sub(r'GCC_PRINTFLIKE\s*\([^)]*\)', ' ', head)
    left = head.split('=')[0]
    function = re.search(r'([A-Za-z_]\w*)\s*\(', left)
    if function and function.group(1) not in KEYWORDS:
        return function.group(1), static, head.rstrip().endswith('}')
    left = re.sub(r'\{\}|\[[^\]]*\]', ' ', left)
    names = [w for w in IDENTIFIER.findall(left) if w not in KEYWORDS]
    return (names[-1] if names else None), static, words[0] != 'extern'


def file_scope_names(text):
    """(symbols with external linkage, names private to the file) that a .c defines."""
    symbols, private = set(), set()
    for head in declarations(text):
        name, static, defines = declared(head)
        if name is None:
            tag = re.match(r'\s*(?:typedef\s+)?(?:struct|union|enum)\s+(\w+)\s*\{\}', head)
            if tag:
                private.add(tag.group(1))
            if re.match(r'\s*typedef\b', head):
                private.add(IDENTIFIER.findall(head)[-1])
        elif static:
            private.add(name)
        elif defines:
            symbols.add(name)
    return symbols, private


def rename(text, names, suffix):
    """Gives each of `names` a suffix, outside comments and literals."""

    def words(code):
        return IDENTIFIER.sub(lambda m: m.group() + suffix if m.group() in names else m.group(), code)

    out, at = [], 0
    for skip in NOT_CODE.finditer(text):
        out += [words(text[at : skip.start()]), skip.group()]
        at = skip.end()
    return ''.join(out) + words(text[at:])


def read(path):
    text = path.read_text(encoding='latin-1').replace('\r\n', '\n')
    text = re.sub(r'(\(\*|->)free\b(?=\)?\()|(->)free\b(?=\))', r'\1\2free_item', text)
    # " * \tfound in "/path"" and " * \t`asn1c ... -S /path`"
    return re.sub(r'^ \*[ \t]+(?:found in "|`asn1c )[^\n]*\n', '', text, flags=re.M)


def without_includes(text, known):
    return INCLUDE.sub(lambda m: '' if m.group(1) in known else m.group(), text)


def type_list(module):
    """(declaration, definition) of the list of the module's types."""
    names = re.findall(r'^([A-Z][\w-]*)[ \t]*::=', re.sub(r'--[^\n]*', '', module), re.M)
    if not names:
        raise Trouble('the module defines no type')
    head = 'asn_TYPE_descriptor_t *const asn_module_types[]'
    lines = ''.join(f'  &asn_DEF_{n.replace("-", "_")},\n' for n in names)
    return (
        f'\nextern {head};\nextern const size_t asn_module_type_count;\n',
        f'\n{head} = {{\n{lines}}};\n'
        'const size_t asn_module_type_count =\n'
        '  sizeof(asn_module_types) / sizeof(asn_module_types[0]);\n',
    )


def amalgamate(generated, skeletons, module):
    """Returns (text of the .h, text of the .c)."""
    where = {p.name: p for folder in (skeletons, generated) for p in folder.glob('*.[ch]')}
    used = set()  # every header that is reached
    order = []  # headers, each behind those it includes

    def visit(name):
        if name in used or name not in where:
            return
        used.add(name)
        for inner in INCLUDE.findall(read(where[name])):
            visit(inner)
        order.append(name)

    def expand(name, seen):
        if name in seen or name not in where:
            return ''
        seen.add(name)
        if name in PRIVATE_HEADERS:
            return ''
        return INCLUDE.sub(
            lambda m: expand(m.group(1), seen) if m.group(1) in where else m.group(),
            read(where[name]),
        )

    own = sorted(p.name for p in generated.glob('*.c'))
    roots = sorted(p.name for p in generated.glob('*.h'))
    for name in roots + list(PRIVATE_HEADERS):
        visit(name)
    # the runtime: the .c beside each skeleton header in use, until no more come
    runtime = set()
    while True:
        more = {
            n[:-2] + '.c' for n in used if n[:-2] + '.c' in where and n not in roots
        } - runtime
        if not more:
            break
        runtime |= more
        for name in sorted(more):
            for inner in INCLUDE.findall(read(where[name])):
                visit(inner)

    sources = [(n, read(where[n])) for n in own + sorted(runtime)]
    symbols, holders = set(), {}
    for name, text in sources:
        try:
            external, private = file_scope_names(text)
        except Trouble as trouble:
            raise Trouble(f'{name}: {trouble}') from None
        twice = external & symbols
        if twice:
            raise Trouble(f'{name} defines {sorted(twice)[0]} a second time')
        symbols |= external
        for item in private:
            holders.setdefault(item, []).append(name)
    symbols |= {'asn_module_types', 'asn_module_type_count'}
    for item in sorted(set(holders) & symbols):
        holders[item].append('')  # a static name that is a symbol elsewhere

    seen = set()
    header = [PROLOGUE, '\n']
    header += [f'#define {s} {PREFIX}{s}\n' for s in sorted(symbols)]
    header += ['\n'] + [expand(name, seen) for name in roots + sorted(used)]
    listed, list_body = type_list(module)
    header.append(listed)
    header.append('\n#endif /* H46017_ASN1_GENERATED_H */\n')

    body = ['#include "h46017-asn1.h"\n\n']
    body += [without_includes(read(where[n]), where) for n in PRIVATE_HEADERS]
    for name, text in sources:
        clash = {i for i, files in holders.items() if len(files) > 1 and name in files}
        suffix = '_in_' + re.sub(r'\W', '_', name[:-2])
        text = rename(without_includes(text, where), clash, suffix)
        body += [f'\n/* ---- {name} ---- */\n', text]
        macros = set(re.findall(r'^[ \t]*#[ \t]*define[ \t]+(\w+)', text, re.M))
        body += [f'#undef {m}\n' for m in sorted(macros)]
    body.append(list_body)
    return ''.join(header), ''.join(body)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--asn1c', required=True, help='the compiler')
    parser.add_argument('--skeletons', help="asn1c's runtime; default: beside the compiler")
    parser.add_argument('--into', required=True, type=pathlib.Path, help='folder for the pair')
    parser.add_argument('--dist', action='store_true', help="`into` is below $MESON_DIST_ROOT")
    parser.add_argument('module', type=pathlib.Path, help='h225.asn1')
    args = parser.parse_args()

    skeletons = pathlib.Path(
        args.skeletons or pathlib.Path(args.asn1c).resolve().parent.parent / 'share' / 'asn1c'
    )
    if not (skeletons / 'asn_application.h').is_file():
        raise Trouble(f'no asn1c runtime in {skeletons}; name its folder with --skeletons')
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [args.asn1c, *FLAGS, '-S', str(skeletons), str(args.module.resolve())],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if run.returncode != 0:
            raise Trouble('asn1c refused the module:\n' + run.stdout.decode(errors='replace'))
        module = args.module.read_text(encoding='latin-1')
        header, source = amalgamate(pathlib.Path(folder), skeletons, module)
    into = args.into
    if args.dist:
        into = pathlib.Path(os.environ['MESON_DIST_ROOT']) / into
    into.mkdir(parents=True, exist_ok=True)
    (into / 'h46017-asn1.h').write_text(header, encoding='latin-1', newline='\n')
    (into / 'h46017-asn1.c').write_text(source, encoding='latin-1', newline='\n')


if __name__ == '__main__':
    try:
        main()
    except Trouble as trouble:
        sys.exit(f'asn1c-amalgamate: {trouble}')
