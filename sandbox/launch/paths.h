/* SPDX-License-Identifier: Apache-2.0 */
/* Where the parts of this installation are, seen from the running program: ../lib and ../share, in
 * an installation as in a build tree. */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"
#include "deploy/elf.h"

/* This project's own runtime: CLAMBDA_BOOTSTRAP, else ../lib/clambda/bootstrap, else bootstrap
 * beside the program. -1 with ERR_INPUT naming where it was looked for. */
int paths_bootstrap(char out[static PATH_MAX], struct err *err) ATTR_CHECK;

/* The runtime to deploy on that architecture: CLAMBDA_BOOTSTRAP, else the release build
 * ../lib/clambda/ARCH/bootstrap. Without them and for this host's architecture it is what
 * paths_bootstrap gives, which wants a glibc like this host's: *out_release is false then. -1 with
 * ERR_INPUT: there is none. */
int paths_runtime(enum elf_arch arch, char out[static PATH_MAX], bool *out_release,
                  struct err *err) ATTR_CHECK;

/* The program that tries a jail's limits from inside: ../lib/clambda/examine. -1 with ERR_HOST. */
int paths_examine(char out[static PATH_MAX], struct err *err) ATTR_CHECK;

/* The seccomp policy: ../share/clambda/lambda.policy. -1 with ERR_HOST. */
int paths_policy(char out[static PATH_MAX], struct err *err) ATTR_CHECK;
