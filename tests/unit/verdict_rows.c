/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include <sys/stat.h>

#define LD     "/lib64/ld-linux-x86-64.so.2"
#define LD_ARM "/lib/ld-linux-aarch64.so.1"

/* ---- files --------------------------------------------------------------------------------- */

static const uint32_t table_words[] = {1, 24, 72, 1, 0, 0}, old_words[] = {9, 24, 96, 1, 0, 0},
                      short_words[] = {1, 20, 72, 1, 0}, wide_words[] = {1, 24, 80, 1, 0, 0};

const struct elf_spec verdict_good = {.interpreter = LD,
                                      .needed = {"libc.so.6"},
                                      .wanted = {{"libc.so.6", "GLIBC_2.17", false}},
                                      .symbols = {{.name = "write", .version = "GLIBC_2.17"}}};
static const struct elf_spec arm = {.machine = EM_AARCH64,
                                    .interpreter = LD_ARM,
                                    .needed = {"libc.so.6"},
                                    .wanted = {{"libc.so.6", "GLIBC_2.17", false}}};
static const struct elf_spec go_static = {.type = ET_EXEC, .static_program = true};
const struct elf_spec verdict_runtime = {.interpreter = LD,
                                         .needed = {"libc.so.6"},
                                         .symbols = {{.name = "lambda_log", .defined = true},
                                                     {.name = "lambda_error", .defined = true},
                                                     {.name = "lambda_reply", .defined = true}}};
const struct elf_spec verdict_handler = {.symbols = {{.name = "lambda_log"},
                                                     {.name = "lambda_module",
                                                      .defined = true,
                                                      .object = true,
                                                      .words = table_words,
                                                      .nwords = 6}}};
const struct elf_spec verdict_old_handler = {.symbols = {{.name = "lambda_module",
                                                          .defined = true,
                                                          .object = true,
                                                          .words = old_words,
                                                          .nwords = 6}}};
static const struct elf_spec short_handler = {.symbols = {{.name = "lambda_module",
                                                           .defined = true,
                                                           .object = true,
                                                           .words = short_words,
                                                           .nwords = 5}}};
static const struct elf_spec wide_handler = {.symbols = {{.name = "lambda_module",
                                                          .defined = true,
                                                          .object = true,
                                                          .words = wide_words,
                                                          .nwords = 6}}};
const struct elf_spec verdict_new_glibc = {
    .interpreter = LD,
    .needed = {"libc.so.6"},
    .wanted = {{"libc.so.6", "GLIBC_2.34", false},
               {"libc.so.6", "GLIBC_2.9", false},
               {"libc.so.6", "GLIBC_2.38", false}},
    .symbols = {{.name = "__libc_start_main", .version = "GLIBC_2.34"},
                {.name = "strlcpy", .version = "GLIBC_2.38"},
                {.name = "strlcat", .version = "GLIBC_2.38"}}};
static const struct elf_spec weak_glibc = {
    .interpreter = LD, .needed = {"libc.so.6"}, .wanted = {{"libc.so.6", "GLIBC_2.99", true}}};
static const struct elf_spec relr = {.interpreter = LD,
                                     .needed = {"libc.so.6"},
                                     .wanted = {{"libc.so.6", "GLIBC_ABI_DT_RELR", false}}};
static const struct elf_spec cxx = {.interpreter = LD,
                                    .needed = {"libstdc++.so.6", "libc.so.6"},
                                    .wanted = {{"libstdc++.so.6", "GLIBCXX_3.4.29", false}},
                                    .symbols = {{.name = "_Zx", .version = "GLIBCXX_3.4.29"}}};
static const struct elf_spec musl = {.interpreter = "/lib/ld-musl-x86_64.so.1"};
static const struct elf_spec needs_foo = {.interpreter = LD,
                                          .needed = {"libfoo.so.1", "libc.so.6"}};
static const struct elf_spec needs_foo_there = {
    .interpreter = LD, .runpath = "$ORIGIN/deep", .needed = {"libfoo.so.1", "libc.so.6"}};
const struct elf_spec verdict_foo = {.soname = "libfoo.so.1", .needed = {"libc.so.6"}};
static const struct elf_spec foo_bad = {.soname = "libfoo.so.1", .needed = {"libbar.so.2"}};
static const struct elf_spec foo_version = {.soname = "libfoo.so.1", .given = {"FOO_1"}};
static const struct elf_spec wants_foo_2 = {.interpreter = LD,
                                            .needed = {"libfoo.so.1", "libc.so.6"},
                                            .wanted = {{"libfoo.so.1", "FOO_2", false}},
                                            .symbols = {{.name = "foo", .version = "FOO_2"}}};
static const struct elf_spec needs_xml = {.interpreter = LD,
                                          .needed = {"libxml2.so.2", "libc.so.6"}};
static const struct elf_spec needs_z = {.interpreter = LD, .needed = {"libz.so.1", "libc.so.6"}};
static const struct elf_spec needs_z_first = {
    .interpreter = LD, .rpath = "$ORIGIN/lib", .needed = {"libz.so.1", "libc.so.6"}};
static const struct elf_spec z = {.soname = "libz.so.1"};
const struct elf_spec verdict_loose = {
    .interpreter = LD,
    .needed = {"libc.so.6"},
    .symbols = {{.name = "nowhere"}, {.name = "maybe", .weak = true}, {.name = "here"}}};
static const struct elf_spec has_here = {.symbols = {{.name = "here", .defined = true}}};
static const struct elf_spec loose_alone = {.symbols = {{.name = "strlen"}}};
static const struct elf_spec stack = {
    .interpreter = LD, .needed = {"libc.so.6"}, .exec_stack = true, .textrel = true};
static const struct elf_spec built_here = {
    .interpreter = LD, .runpath = "$ORIGIN/lib:/home/me/lib", .needed = {"libc.so.6"}};
static const struct elf_spec needs_zlib_and_more = {.needed = {"libz.so.1", "libc.so.6"},
                                                    .symbols = {{.name = "lambda_new_thing"},
                                                                {.name = "lambda_module",
                                                                 .defined = true,
                                                                 .object = true,
                                                                 .words = table_words,
                                                                 .nwords = 6}}};
static const struct elf_spec needs_runtime = {.symbols = {{.name = "lambda_new_thing"},
                                                          {.name = "lambda_module",
                                                           .defined = true,
                                                           .object = true,
                                                           .words = table_words,
                                                           .nwords = 6}}};
static const struct elf_spec needs_nobody = {.symbols = {{.name = "missing_fn"},
                                                         {.name = "memcpy"},
                                                         {.name = "lambda_log"},
                                                         {.name = "lambda_module",
                                                          .defined = true,
                                                          .object = true,
                                                          .words = table_words,
                                                          .nwords = 6}}};
static const struct elf_spec needs_private = {.symbols = {{.name = "__libc_alloc_buffer_allocate"},
                                                          {.name = "lambda_module",
                                                           .defined = true,
                                                           .object = true,
                                                           .words = table_words,
                                                           .nwords = 6}}};
static const struct elf_spec needs_foo_first = {
    .interpreter = LD, .rpath = "$ORIGIN/deep", .needed = {"libfoo.so.1", "libc.so.6"}};
static const struct elf_spec foo_elsewhere = {
    .soname = "libfoo.so.1", .runpath = "/opt/none", .needed = {"libbar.so.2"}};
static const struct elf_spec foo_deep = {.soname = "libfoo.so.1", .needed = {"libbar.so.2"}};
static const struct elf_spec bar = {.soname = "libbar.so.2"};
static const struct elf_spec own_glibc = {
    .interpreter = LD, .rpath = "$ORIGIN/lib", .needed = {"libc.so.6"}};
static const struct elf_spec libc_236 = {
    .soname = "libc.so.6",
    .needed = {"ld-linux-x86-64.so.2"},
    .wanted = {{"ld-linux-x86-64.so.2", "GLIBC_2.35", false}},
    .given = {"GLIBC_2.2.5", "GLIBC_2.36"},
    .symbols = {{.name = "__rseq_size", .version = "GLIBC_2.35"}}};
static const struct elf_spec libc_only = {.soname = "libc.so.6", .given = {"GLIBC_2.36"}};
static const struct elf_spec linker_236 = {.soname = "ld-linux-x86-64.so.2",
                                           .given = {"GLIBC_2.35"}};
static const struct elf_spec brings_glibc = {
    .soname = "libfoo.so.1",
    .rpath = "$ORIGIN",
    .needed = {"libc.so.6"},
    .wanted = {{"libc.so.6", "GLIBC_2.36", false}},
    .symbols = {{.name = "strlcpy", .version = "GLIBC_2.36"}}};
static const struct elf_spec musl_object = {.needed = {"libc.musl-x86_64.so.1"}};
static const struct elf_spec object_file = {.type = ET_REL, .static_program = true};

static const struct file layer_foo[] = {{"lib/libfoo.so.1", NULL, &verdict_foo, 0755}, END};
static const struct file layer_python[] = {{"bin/python", NULL, &arm, 0755}, END};
static const struct file layer_runtime[] = {BOOT(verdict_runtime), END};
static const struct file layer_extension[] = {
    {"extensions/watch", NULL, &go_static, 0644}, {"extensions/lib/x", "x", NULL, 0}, END};

/* ---- the table ----------------------------------------------------------------------------- */

const struct row verdict_rows[] = {
    {.name = "a program", .files = {BOOT(verdict_good)}},
    {.name = "a static program", .files = {BOOT(go_static)}},
    {.name = "arm64", .files = {BOOT(arm)}},
    {.name = "a script", .files = {{"bootstrap", SCRIPT, NULL, 0755}}},
    {.name = "env and a shell",
     .files = {{"bootstrap", "#!/usr/bin/env -S FOO=1 bash\n", NULL, 0755}}},
    {.name = "our runtime and a handler",
     .files = {BOOT(verdict_runtime), {"orders.so", NULL, &verdict_handler, 0}}},
    {.name = "al2", .files = {BOOT(verdict_good)}, .profile = "al2"},

    {.name = "nothing to start",
     .files = {{"main.py", "x", NULL, 0}},
     .wants = {"E bootstrap package: there is no 'bootstrap'"}},
    {.name = "a folder too deep",
     .files = {{"package/bootstrap", NULL, &verdict_good, 0755}},
     .wants = {"E bootstrap package/bootstrap: is in a folder"}},
    {.name = "only a handler",
     .files = {{"orders.so", NULL, &verdict_handler, 0}},
     .wants = {"E bootstrap package: only handlers"}},
    {.name = "a handler, and the runtime in a layer",
     .files = {{"orders.so", NULL, &verdict_handler, 0}},
     .layer = layer_runtime,
     .nlayers = 1},
    {.name = "programs, not a package",
     .files = {{"tool", NULL, &verdict_good, 0755}, {"other", NULL, &verdict_new_glibc, 0755}},
     .profile = "al2",
     .folder_only = true,
     .wants = {"E glibc-version other: GLIBC_2.38", "W bootstrap package: folder of programs"}},
    {.name = "six layers",
     .files = {BOOT(verdict_good)},
     .layer = layer_foo,
     .nlayers = 6,
     .wants = {"E layers package: has 6 layers"}},

    {.name = "not for everyone to run",
     .files = {{"bootstrap", NULL, &verdict_good, 0750}},
     .wants = {"E mode bootstrap: has mode 0750"}},
    {.name = "not to be run",
     .files = {{"bootstrap", SCRIPT, NULL, 0644}},
     .wants = {"E mode bootstrap: 0644"}},
    {.name = "a script that cannot be read",
     .files = {{"bootstrap", SCRIPT, NULL, 0711}},
     .wants = {"E mode bootstrap: 0711"}},
    {.name = "a handler that cannot be read",
     .files = {BOOT(verdict_runtime),
               {"orders.so", NULL, &verdict_handler, 0600},
               {"data", "x", NULL, 0600}},
     .wants = {"E mode orders.so: 0600", "W mode data: 0600"}},
    {.name = "a folder that cannot be entered",
     .files = {BOOT(verdict_good), {"lib/", NULL, NULL, S_IFDIR | 0700}},
     .wants = {"E mode lib: has mode 0700"}},
    {.name = "a folder that cannot be listed",
     .files = {BOOT(verdict_good), {"lib/", NULL, NULL, S_IFDIR | 0711}},
     .wants = {"W mode lib: has mode 0711"}},
    {.name = "a library that cannot be read",
     .files = {BOOT(needs_foo), {"lib/libfoo.so.1", NULL, &verdict_foo, 0700}},
     .wants = {"E mode lib/libfoo.so.1: 0700"}},
    {.name = "an extension that cannot be run",
     .files = {BOOT(verdict_good)},
     .layer = layer_extension,
     .nlayers = 1,
     .wants = {"E mode layer layer.zip: extensions/watch: 0644"}},

    {.name = "Python",
     .files = {{"bootstrap", "#!/usr/bin/env python3\n", NULL, 0755}},
     .wants = {"E script bootstrap: 'python3'"}},
    {.name = "an interpreter of one's own",
     .files = {{"bootstrap", "#!/var/task/bin/python\n", NULL, 0755},
               {"bin/python", NULL, &verdict_good, 0755}}},
    {.name = "no such interpreter",
     .files = {{"bootstrap", "#! /usr/local/bin/node -x\n", NULL, 0755}},
     .wants = {"E script bootstrap: '/usr/local/bin/node'"}},
    {.name = "Windows lines",
     .files = {{"bootstrap", "#!/bin/sh\r\necho\r\n", NULL, 0755}},
     .wants = {"E script bootstrap: CR LF"}},
    {.name = "an interpreter that cannot be run",
     .files = {{"bootstrap", "#!/var/task/bin/python\n", NULL, 0755},
               {"bin/python", NULL, &verdict_good, 0644}},
     .wants = {"E mode bin/python: 0644: Lambda's user may not run it"}},
    {.name = "an interpreter for another machine",
     .files = {{"bootstrap", "#!/usr/bin/env python\n", NULL, 0755}},
     .layer = layer_python,
     .nlayers = 1,
     .arch = "x86_64",
     .wants = {"E architecture layer layer.zip: bin/python: is built for arm64"}},
    {.name = "a relative interpreter",
     .files = {{"bootstrap", "#!bin/python -x\n", NULL, 0755},
               {"bin/python", NULL, &verdict_good, 0755}}},
    {.name = "a relative interpreter that is not there",
     .files = {{"bootstrap", "#!sh\n", NULL, 0755}},
     .wants = {"E script bootstrap: '/var/task/sh'"}},
    {.name = "env and one argument",
     .files = {{"bootstrap", "#!/usr/bin/env bash -e\n", NULL, 0755}},
     .wants = {"E script bootstrap: 'bash -e'"}},
    {.name = "blanks behind the interpreter",
     .files = {{"bootstrap", "#!/usr/bin/env bash \t\n", NULL, 0755}}},
    {.name = "an older env",
     .files = {{"bootstrap", "#!/usr/bin/env -S FOO=1 bash\n", NULL, 0755}},
     .profile = "al2",
     .wants = {"E script bootstrap: 'env -S', which the env of al2 does not know"}},
    {.name = "no first line",
     .files = {{"bootstrap", "echo hello\n", NULL, 0755}},
     .wants = {"E bootstrap bootstrap: neither an ELF"}},
    {.name = "empty",
     .files = {{"bootstrap", "", NULL, 0755}},
     .wants = {"E bootstrap bootstrap: is empty"}},
    {.name = "a library as bootstrap",
     .files = {BOOT(verdict_foo)},
     .wants = {"E bootstrap bootstrap: shared object"}},
    {.name = "an object file",
     .files = {BOOT(object_file)},
     .wants = {"E bootstrap bootstrap: object file"}},
    {.name = "cut off",
     .files = {{"bootstrap", "\177ELF\2\1\1 and no more", NULL, 0755}},
     .wants = {"E elf bootstrap: is damaged"}},

    {.name = "another machine than asked for",
     .files = {BOOT(arm)},
     .arch = "x86_64",
     .wants = {"E architecture bootstrap: is built for arm64, and the function is for x86_64"}},
    {.name = "a handler of another machine",
     .files = {BOOT(arm), {"orders.so", NULL, &verdict_handler, 0}},
     .wants = {"E architecture orders.so: is built for x86_64"}},
    {.name = "a file of another machine that nobody needs",
     .files = {BOOT(verdict_good), {"tool-arm", NULL, &arm, 0755}},
     .wants = {"W architecture tool-arm: arm64"}},
    {.name = "musl", .files = {BOOT(musl)}, .wants = {"E interpreter bootstrap: musl (Alpine)"}},

    {.name = "a newer glibc",
     .files = {BOOT(verdict_new_glibc)},
     .wants = {"E glibc-version bootstrap: needs GLIBC_2.38 of libc.so.6 (strlcpy, strlcat), and "
               "al2023 has glibc 2.34"}},
    {.name = "a newer glibc, but weak", .files = {BOOT(weak_glibc)}},
    {.name = "packed relocations",
     .files = {BOOT(relr)},
     .wants = {"E glibc-version bootstrap: DT_RELR"}},
    {.name = "a newer C++ library",
     .files = {BOOT(cxx)},
     .profile = "al2",
     .wants = {"E library-version bootstrap: needs GLIBCXX_3.4.29 of libstdc++.so.6 (_Zx), and "
               "al2 has GLIBCXX_3.4.24"}},
    {.name = "the C++ library of al2023", .files = {BOOT(cxx)}},

    {.name = "a library that is not there",
     .files = {BOOT(needs_foo)},
     .wants = {"E library bootstrap: needs 'libfoo.so.1'"}},
    {.name = "a library in lib",
     .files = {BOOT(needs_foo), {"lib/libfoo.so.1", NULL, &verdict_foo, 0755}}},
    {.name = "a library by a link",
     .files = {BOOT(needs_foo),
               {"lib/libfoo.so.1", "../so/real.so", NULL, S_IFLNK | 0777},
               {"so/real.so", NULL, &verdict_foo, 0755}}},
    {.name = "a library in a layer", .files = {BOOT(needs_foo)}, .layer = layer_foo, .nlayers = 1},
    {.name = "a library elsewhere",
     .files = {BOOT(needs_foo), {"deep/libfoo.so.1", NULL, &verdict_foo, 0755}},
     .wants = {"E library bootstrap: libfoo.so.1"}},
    {.name = "a library by its path",
     .files = {BOOT(needs_foo_there), {"deep/libfoo.so.1", NULL, &verdict_foo, 0755}}},
    {.name = "what a library needs",
     .files = {BOOT(needs_foo), {"lib/libfoo.so.1", NULL, &foo_bad, 0755}},
     .wants = {"E library lib/libfoo.so.1: needs 'libbar.so.2'"}},
    {.name = "a library that is none",
     .files = {BOOT(wants_foo_2), {"lib/libfoo.so.1", "version https://git-lfs", NULL, 0755}},
     .wants = {"E library bootstrap: needs 'libfoo.so.1', and 'lib/libfoo.so.1' is no ELF file"}},
    {.name = "DT_RPATH of the program",
     .files = {BOOT(needs_foo_first),
               {"deep/libfoo.so.1", NULL, &foo_deep, 0755},
               {"deep/libbar.so.2", NULL, &bar, 0755}}},
    {.name = "DT_RPATH of the interpreter",
     .files = {{"bootstrap", "#!/var/task/run\n", NULL, 0755},
               {"run", NULL, &needs_foo_first, 0755},
               {"deep/libfoo.so.1", NULL, &foo_deep, 0755},
               {"deep/libbar.so.2", NULL, &bar, 0755}}},
    {.name = "DT_RUNPATH, which ends DT_RPATH of the program",
     .files = {BOOT(needs_foo_first),
               {"deep/libfoo.so.1", NULL, &foo_elsewhere, 0755},
               {"deep/libbar.so.2", NULL, &bar, 0755}},
     .wants = {"E library deep/libfoo.so.1: needs 'libbar.so.2'"}},
    {.name = "a glibc of its own under the image's dynamic linker",
     .files = {BOOT(own_glibc),
               {"lib/libc.so.6", NULL, &libc_236, 0755},
               {"lib/ld-linux-x86-64.so.2", NULL, &linker_236, 0755}},
     .wants = {"E glibc-version lib/libc.so.6: needs GLIBC_2.35 of ld-linux-x86-64.so.2"}},
    {.name = "a glibc of its own when the image's is loaded",
     .files = {BOOT(needs_foo),
               {"lib/libfoo.so.1", NULL, &brings_glibc, 0755},
               {"lib/libc.so.6", NULL, &libc_only, 0755}},
     .wants = {"E glibc-version lib/libfoo.so.1: needs GLIBC_2.36 of libc.so.6",
               "W shadowed bootstrap: not 'lib/libc.so.6'",
               "W shadowed lib/libfoo.so.1: not 'lib/libc.so.6'"}},
    {.name = "an object for musl that nobody needs",
     .files = {BOOT(verdict_good), {"prebuilt/musl.node", NULL, &musl_object, 0755}},
     .wants = {"W library prebuilt/musl.node: needs 'libc.musl-x86_64.so.1'"}},
    {.name = "a version that the package's library has not got",
     .files = {BOOT(wants_foo_2), {"lib/libfoo.so.1", NULL, &foo_version, 0755}},
     .wants = {"E library-version bootstrap: needs FOO_2 of libfoo.so.1 (foo), and "
               "lib/libfoo.so.1 has not got it"}},
    {.name = "a library that nobody promises",
     .files = {BOOT(needs_xml)},
     .wants = {"W library bootstrap: needs 'libxml2.so.2' of the image"}},
    {.name = "a library that the image's hides",
     .files = {BOOT(needs_z), {"lib/libz.so.1", NULL, &z, 0755}},
     .wants = {"W shadowed bootstrap: not 'lib/libz.so.1'"}},
    {.name = "a library that comes first",
     .files = {BOOT(needs_z_first), {"lib/libz.so.1", NULL, &z, 0755}}},

    {.name = "an undefined symbol",
     .files = {BOOT(verdict_loose), {"lib/here.so", NULL, &has_here, 0}},
     .wants = {"E symbol bootstrap: has 1 undefined symbol that no file of the package defines: "
               "nowhere"}},
    {.name = "a symbol that may be the C library's",
     .files = {BOOT(verdict_good), {"plugin.so", NULL, &loose_alone, 0}},
     .wants = {"W symbol plugin.so: strlen"}},

    {.name = "a function that no library has that our runtime loads",
     .files = {BOOT(verdict_runtime), {"orders.so", NULL, &needs_nobody, 0}},
     .wants = {"E symbol orders.so: has 1 undefined symbol that no file of the package defines: "
               "missing_fn",
               "W symbol orders.so: has 1 undefined symbol that no file of the package defines: "
               "memcpy"}},
    {.name = "the same with a runtime of others",
     .files = {BOOT(verdict_good), {"orders.so", NULL, &needs_nobody, 0}},
     .wants = {"W symbol orders.so: has 2 undefined symbols that no file of the package defines: "
               "missing_fn, memcpy"}},
    {.name = "a function of the C library that is kept for itself, or newer than this one",
     .files = {BOOT(verdict_runtime), {"orders.so", NULL, &needs_private, 0}},
     .wants = {"E symbol orders.so: __libc_alloc_buffer_allocate"}},
    {.name = "another version of the interface",
     .files = {BOOT(verdict_runtime), {"orders.so", NULL, &verdict_old_handler, 0}},
     .wants = {"E handler orders.so: has version 9 of the handler interface, the runtime 1"}},
    {.name = "another size of the table",
     .files = {BOOT(verdict_runtime), {"orders.so", NULL, &short_handler, 0}},
     .wants = {"E handler orders.so: 20 bytes"}},
    {.name = "another size of the handlers in it",
     .files = {BOOT(verdict_runtime), {"orders.so", NULL, &wide_handler, 0}},
     .wants = {"E handler orders.so: with handlers of 80, the runtime expects 24 and 72"}},
    {.name = "a function that the runtime has not got, by a library of unknown symbols",
     .files = {BOOT(verdict_runtime), {"orders.so", NULL, &needs_zlib_and_more, 0}},
     .wants = {"E symbol orders.so: has 1 undefined symbol that no file of the package defines: "
               "lambda_new_thing"}},
    {.name = "a function that the runtime has not got, without the C library",
     .files = {BOOT(verdict_runtime), {"orders.so", NULL, &needs_runtime, 0}},
     .wants = {"E symbol orders.so: lambda_new_thing"}},
    {.name = "the handler that is named",
     .files = {BOOT(verdict_runtime), {"orders.so", NULL, &verdict_handler, 0}},
     .handler = "orders.lambda_module"},
    {.name = "no file of that name",
     .files = {BOOT(verdict_runtime), {"orders.so", NULL, &verdict_handler, 0}},
     .handler = "other",
     .wants = {"E handler handler other: there is no 'other.so'"}},
    {.name = "no table of that name",
     .files = {BOOT(verdict_runtime), {"orders.so", NULL, &verdict_handler, 0}},
     .handler = "orders.so.on_order",
     .wants = {"E handler orders.so: exports no module 'on_order': it has 'lambda_module'"}},
    {.name = "a handler name that climbs",
     .files = {BOOT(verdict_runtime), {"orders.so", NULL, &verdict_handler, 0}},
     .handler = "../orders",
     .wants = {"E handler handler ../orders: no name"}},
    {.name = "a handler name that climbs on its way",
     .files = {BOOT(verdict_runtime), {"orders.so", NULL, &verdict_handler, 0}},
     .handler = "lib/../orders",
     .wants = {"E handler handler lib/../orders: no name"}},
    {.name = "dots that do not climb",
     .files = {BOOT(verdict_runtime), {"a..b/..orders/on.so", NULL, &verdict_handler, 0}},
     .handler = "a..b/..orders/on"},
    {.name = "a handler name with what is no symbol",
     .files = {BOOT(verdict_runtime), {"orders.so", NULL, &verdict_handler, 0}},
     .handler = "orders..on",
     .wants = {"E handler handler orders..on: no name"}},
    {.name = "what others call a handler", .files = {BOOT(verdict_good)}, .handler = "app.main"},

    {.name = "stack and code",
     .files = {BOOT(stack)},
     .wants = {"W executable-stack bootstrap: executable stack",
               "W text-relocations bootstrap: relocations"}},
    {.name = "a path of the build machine",
     .files = {BOOT(built_here)},
     .wants = {"W run-path bootstrap: '/home/me/lib'"}},

    {.name = "a link that leaves",
     .files = {BOOT(verdict_good), {"a/link", "../../../etc/passwd", NULL, S_IFLNK | 0777}},
     .wants = {"E link a/link: leaves the package"}},
    {.name = "a link to the system",
     .files = {BOOT(verdict_good), {"link", "/usr/lib/x", NULL, S_IFLNK | 0777}},
     .wants = {"W link link: which is not in the package"}},
    {.name = "a link to itself",
     .files = {BOOT(verdict_good), {"link", "link", NULL, S_IFLNK | 0777}},
     .wants = {"W link link: not in the package"}},
    {.name = "a link to the bootstrap",
     .files = {{"bootstrap", "bin/main", NULL, S_IFLNK | 0777},
               {"bin/main", NULL, &verdict_good, 0755}}},
    {.name = "an absolute name",
     .files = {BOOT(verdict_good), {"/etc/x", "x", NULL, 0}},
     .zip_only = true,
     .wants = {"E path /etc/x: has an absolute path"}},
    {.name = "a name that climbs",
     .files = {BOOT(verdict_good), {"a/../../x", "x", NULL, 0}},
     .zip_only = true,
     .wants = {"E path a/../../x: '..'"}},
    {.name = "backslashes",
     .files = {BOOT(verdict_good), {"lib\\x", "x", NULL, 0}},
     .wants = {"E path lib\\x: backslash"}},
    {.name = "a name twice",
     .files = {BOOT(verdict_good), {"x", "1", NULL, 0}, {"./x", "2", NULL, 0}},
     .zip_only = true,
     .wants = {"E path x: more than once"}},
    {.name = "a file below a link",
     .files = {BOOT(verdict_good), {"d", "/tmp", NULL, S_IFLNK | 0777}, {"d/x", "x", NULL, 0}},
     .zip_only = true,
     .wants = {"E path d/x: lies below 'd'", "W link d: not in the package"}},
    {.name = "a device",
     .files = {BOOT(verdict_good), {"null", "", NULL, S_IFCHR | 0666}},
     .zip_only = true,
     .wants = {"E zip package.zip: entry 'null': is neither file"}},
    {.name = "a pipe in a folder",
     .files = {BOOT(verdict_good), {"pipe", NULL, NULL, S_IFIFO | 0666}},
     .folder_only = true,
     .wants = {"E path pipe: is neither file"}},
};

const size_t verdict_nrows = sizeof verdict_rows / sizeof *verdict_rows;
